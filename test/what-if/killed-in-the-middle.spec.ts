import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { acmeFile, createWhatIfWorld, type WhatIfWorld } from './support/what-if-world.js';

const LEADS = 600;

let world: WhatIfWorld;
let folder: Awaited<ReturnType<typeof makeDataDir>>;
const gateways: GatewayProcess[] = [];

beforeAll(async () => {
  world = await createWhatIfWorld();
  folder = await makeDataDir();
  mkdirSync(join(folder.path, 'config'));
  writeFileSync(join(folder.path, 'config', 'acme.json'), JSON.stringify(acmeFile()));
});
afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.kill('SIGKILL')));
  await world.end();
  await folder.remove();
});

async function gateway(): Promise<GatewayProcess> {
  const started = await startGateway({
    databaseUrl: world.url,
    dataDir: folder.path,
    env: { LEADGATE_CONFIG: join(folder.path, 'config'), LEADGATE_ROLES: 'relay' },
  });
  gateways.push(started);
  return started;
}

/** KEPT leads, so that nobody has anything to do with them but the run. Every third is a duplicate of the one two before it. */
async function manyLeads(): Promise<void> {
  await world.leads({ at: '2026-03-02T00:00:00Z', payload: { email: 'first@example.com', zip: '66123' } });
  await world.pool.query(
    `insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, status, payload, received_at)
     select (lpad(to_hex(first.ms + n * 1000), 12, '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid, 'acme', 'acme/webhook', request.id, n, request.id,
            'r', 'KEPT', jsonb_build_object('email', 'p' || (n - case when n % 3 = 0 then 2 else 0 end) || '@example.com', 'zip', '66123'),
            to_timestamp(first.ms / 1000 + n)
       from generate_series(1, $1) n, (select id from inbound_requests limit 1) request, (select 1772600000000::bigint as ms) first`,
    [LEADS - 1],
  );
  await world.pool.query(`update leads set status = 'KEPT'`);
}

it('goes on where it was when its process is killed, and misses or counts no lead twice', async () => {
  await world.activate(acmeFile());
  await manyLeads();
  const draft = await world.draft(acmeFile({ dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'reject' } }));
  const { id } = await world.start({ draft });
  const doneOf = async (): Promise<number> => (await world.whatIfs.find('every_tenant', id))?.done ?? 0;

  const first = await gateway();
  const before = await eventually('the run is under way', async () => ((await doneOf()) > 0 ? doneOf() : undefined));
  await first.kill('SIGKILL');
  expect(before).toBeLessThanOrEqual(LEADS);

  await gateway();
  const run = await eventually('the run is finished', async () => {
    const found = await world.whatIfs.find('every_tenant', id);
    return found?.status === 'FINISHED' ? found : undefined;
  });
  const duplicates = Math.floor((LEADS - 1) / 3);
  expect(run).toMatchObject({
    done: LEADS,
    total: LEADS,
    summary: {
      changed: duplicates,
      decisions: { 'DUPLICATE_HINT duplicate_confirmed → REJECT duplicate_confirmed': duplicates },
      broken: 0,
    },
  });
  const { rows } = await world.pool.query(
    `select count(*)::int as lines, count(distinct lead_id)::int as leads from what_if_differences where what_if_id = $1 and kind = 'decision'`,
    [id],
  );
  expect(rows).toEqual([{ lines: duplicates, leads: duplicates }]);
});
