import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { leadgate } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Two gateways as they run in production, on one data directory, and a rotation while senders send. */
describe('a rotation under traffic', () => {
  const PEOPLE = 90;
  let database: TestDatabase;
  let pool: pg.Pool;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    folder = await makeDataDir();
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    const env = { LEADGATE_IDENTITY_KEYS_POLL_SECONDS: '0.3' };
    gateways = await Promise.all([1, 2].map(() => startGateway({ databaseUrl: database.url, dataDir: folder.path, env })));
    for (const { url } of gateways) {
      await eventually('the door is open', async () => ((await fetch(`${url}/health/ready`)).ok ? true : undefined));
    }
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.kill()));
    await pool?.end();
    await database?.drop();
    await folder?.remove();
  });

  it('needs no restart, misses no duplicate, and leaves no key in a log', async () => {
    const send = async (n: number): Promise<void> => {
      const lead = {
        email: `person-${n}@example.com`,
        phone: `+49160${8900000 + n}`,
        address: { zip: '66123' },
        house: { is_owner: true },
      };
      for (const gateway of n % 2 === 0 ? gateways : [...gateways].reverse()) {
        // What is sent again after 503 is the same lead, also where it was stored after all.
        const key = { 'idempotency-key': `${n}-${gateways.indexOf(gateway)}` };
        expect((await gateway.post('/webhooks/leads', lead, key)).ok).toBe(true);
      }
    };
    const currentKey = async (): Promise<string | undefined> =>
      (await pool.query<{ key_id: string }>('select key_id from identity_keys order by activated_at desc limit 1')).rows[0]?.key_id;
    const before = await currentKey();
    const part = (from: number, to: number) => Promise.all(Array.from({ length: to - from }, (_, n) => send(from + n)));
    await part(0, 30);
    const during = part(30, 60);
    const rotated = await leadgate(['keys', 'rotate'], { DATABASE_URL: database.url, LEADGATE_DATA_DIR: folder.path });
    expect(rotated.code).toBe(0);
    await during;
    await part(60, PEOPLE);
    const after = await currentKey();
    expect(after).not.toBe(before);

    await eventually('every lead is decided and checked, and what is left of the old key rewritten', async () => {
      const { rows } = await pool.query<{ open: number }>(
        `select count(*)::int as open from leads where status = 'RECEIVED' or duplicate_check_skipped or identity_key_id is distinct from $1`,
        [after],
      );
      return rows[0]?.open === 0 ? true : undefined;
    });
    // A slow machine may miss the 250 ms that the index has to answer, and makes up for it; for want of a key nobody goes unchecked.
    const { rows } = await pool.query<{ leads: number; first: number; keyless: number }>(
      `select count(*)::int as leads, count(*) filter (where duplicate_of is null)::int as first,
              (select count(*)::int from journeys where stages::text like '%no key to compare%') as keyless from leads`,
    );
    expect(rows).toEqual([{ leads: 2 * PEOPLE, first: PEOPLE, keyless: 0 }]);
    for (const { url } of gateways) {
      await eventually('its keys are up', async () => {
        const { components } = (await (await fetch(`${url}/health`)).json()) as { components: { keys: { status: string } } };
        return components.keys.status === 'up' ? true : undefined;
      });
    }
  });

  it('no key and no fingerprint is in the logs or the metrics', async () => {
    const { rows } = await pool.query<{ fingerprint: Buffer }>('select fingerprint from identity_claims');
    const { readFile } = await import('node:fs/promises');
    const { current, previous } = JSON.parse(await readFile(`${folder.path}/identity-keys.json`, 'utf8')) as {
      current: { secret: string };
      previous: { secret: string }[];
    };
    const secrets = [current, ...previous].map(({ secret }) => Buffer.from(secret, 'base64'));
    expect([secrets.length, rows.length > PEOPLE]).toEqual([2, true]);
    for (const gateway of gateways) {
      const metrics = await fetch(`${gateway.url}/metrics`).then((response) => response.text());
      const seen = `${gateway.output()}${metrics}`;
      for (const value of [...secrets, ...rows.map(({ fingerprint }) => fingerprint)]) {
        for (const form of ['hex', 'base64', 'base64url'] as const) expect(seen.includes(value.toString(form))).toBe(false);
      }
    }
  });
});
