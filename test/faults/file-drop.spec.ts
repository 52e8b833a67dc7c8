import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { aTenantFile } from '../../libs/platform/src/config/testing/a-tenant-file.js';
import { eventually } from '../support/eventually.js';
import { FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';

const LEADS = 60;

let world: FaultWorld;
let gateway: GatewaySlot;
let drop: string;

beforeAll(async () => {
  world = await FaultWorld.open();
  const config = join(world.folder.path, 'config');
  drop = join(world.folder.path, 'drop', 'acme', 'crm');
  const [crm] = aTenantFile()['destinations'] as JsonObject[];
  const { url: _url, ...rest } = crm as JsonObject;
  const file = { ...rest, kind: 'file', answers: 'standard', authentication: { kind: 'none' }, options: { max_rows: '25' } };
  mkdirSync(config);
  writeFileSync(join(config, 'acme.json'), JSON.stringify(aTenantFile({ destinations: [file] })));
  gateway = world.slot({ LEADGATE_CONFIG: config });
});
afterAll(() => world?.close());

const files = (): string[] => readdirSync(drop).filter((name) => !name.startsWith('.'));
const delivered = async (): Promise<number> => (await world.rows(`select from deliveries where status = 'DELIVERED'`)).length;

/** A life that ends while leads go to files, in the middle of what it does for the `hit`th of them. */
async function dieAt(failpoint: string, hit: number): Promise<void> {
  await world.timePasses();
  await gateway.start({ failpoints: `${failpoint}:kill@${hit}`, unready: true });
  expect(await gateway.ended()).toEqual({ code: null, signal: 'SIGKILL' });
}

/** As if nobody had shown for minutes that these files are under way. */
function longAgo(names: readonly string[]): void {
  const moment = new Date(Date.now() - 3_600_000);
  for (const name of names) utimesSync(join(drop, name), moment, moment);
}

/** undefined: a machine that is too slow for many at once answers 503, and nothing was taken. */
async function accepted(email: string, n: number): Promise<true | undefined> {
  const { status } = await gateway.running.post('/in/acme', { email, zip: '66123' }, { 'idempotency-key': `lead-${n}` });
  if (status !== 503) expect(status).toBe(200);
  return status === 200 ? true : undefined;
}

it('a gateway killed while it writes files: every lead is in one file, once, and the trail says which attempts are not known', async () => {
  await gateway.start({ env: { LEADGATE_ROLES: 'api' } });
  const emails = Array.from({ length: LEADS }, (_, n) => `person-${n}@example.com`);
  await Promise.all(emails.map((email, n) => eventually(`lead ${n} is accepted`, () => accepted(email, n))));
  await gateway.kill();

  // Rows are on the disk, and Postgres has heard of none, of some.
  await dieAt('deliver_after_answer', 1);
  expect(await delivered()).toBe(0);
  expect(files().length).toBeGreaterThan(0);
  await dieAt('close_before_commit', 1);
  await dieAt('deliver_after_close', 1);

  await world.timePasses();
  await gateway.start();
  await eventually('every lead is delivered', async () => ((await delivered()) === LEADS ? true : undefined));
  const { rows } = await world.owner.query<{ sent_state: string }>(
    `select distinct sent_state from delivery_attempts where finished_at is not null order by 1`,
  );
  expect(rows.map(({ sent_state }) => sent_state)).toContain('unknown');
  await gateway.kill('SIGTERM');
  // What is left under way is that of the dead; whoever lives finishes it.
  longAgo(files().filter((name) => name.includes('.part')));
  await gateway.start();
  await eventually('no file is under way', async () => (files().some((name) => name.includes('.part')) ? undefined : true));
  const keys = files().flatMap((name) =>
    readFileSync(join(drop, name), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((row) => (JSON.parse(row) as { _delivery_key: string })._delivery_key),
  );
  const sent = await world.rows<{ idempotency_key: string }>('select idempotency_key from deliveries');
  expect(keys.sort()).toEqual(sent.map(({ idempotency_key }) => idempotency_key).sort());
});
