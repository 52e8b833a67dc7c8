import { request } from 'node:http';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { MOST_TRIES } from '../support/took-at-most.js';

interface Told {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: Record<string, unknown>;
}

/** 503 says that nothing was taken, or not decided in time; a machine that is slow may say so to some of many. Whoever hears it comes again. */
function tell(gateway: GatewayProcess, body: object, unavailable = (): void => {}): Promise<Told> {
  return eventually('the guard answers', async () => {
    const told = await tellOnce(gateway, body);
    if (told.status !== 503) return told;
    unavailable();
    return undefined;
  });
}

function tellOnce(gateway: GatewayProcess, body: object): Promise<Told> {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  return new Promise((resolve, reject) => {
    const call = request(`${gateway.url}/v1/leads/ingest`, { method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          replayed: response.headers['idempotent-replayed'] === 'true',
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
        }),
      );
    });
    call.on('error', reject);
    call.end(bytes);
  });
}

const withoutLatency = ({ status, body }: Told): string => JSON.stringify([status, { ...body, latency_ms: 0 }]);

describe('300 identical requests at once are one lead and 300 equal answers', () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let behind: pg.Pool;
  const gateways: GatewayProcess[] = [];

  const start = async (): Promise<GatewayProcess> => {
    const gateway = await startGateway({ databaseUrl: database.url, dataDir: folder.path });
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    return gateway;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await makeDataDir();
    behind = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
    behind.on('error', () => {});
    for (let n = 0; n < 2; n += 1) gateways.push(await start());
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.kill();
    await behind?.end();
    await folder?.remove();
    await database?.drop();
  });

  /** @param person two digits */
  const submissions = (person: number) => [
    { decision: 'PASS', lead: { tenant_id: 't1', email: `one${person}@example.com`, phone: `+120255501${person}` } },
    { decision: 'WARN', lead: { tenant_id: 't1', email: `two${person}@example.com`, phone: '12' } },
    { decision: 'REJECT', lead: { tenant_id: 't2', email: 'no-email', phone: `+120255502${person}` } },
    { decision: 'DUPLICATE_HINT', lead: { tenant_id: 't1', email: `one${person}@example.com` } },
  ];

  /** @returns false: a duplicate check took longer than 250 ms, counts as not made, and the decision says so */
  async function decidesAlike(processes: number, person: number): Promise<boolean> {
    for (const { decision, lead } of submissions(person)) {
      const sent = { ...lead, source_id: `repeat-${person}-${decision}` };
      const heard = { unavailable: 0 };
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, n) => tell(gateways[n % processes] as GatewayProcess, sent, () => (heard.unavailable += 1))),
      );
      expect(new Set(answers.map(withoutLatency)).size).toBe(1);
      // Who heard 503 because the decision took too long may be the one that was first.
      const firsts = answers.filter(({ replayed }) => !replayed).length;
      expect(firsts).toBeLessThanOrEqual(1);
      if (heard.unavailable === 0) expect(firsts).toBe(1);
      const { rows } = await behind.query(
        `SELECT lead.id, (SELECT count(*)::int FROM journeys WHERE lead_id = lead.id) AS journeys
           FROM leads lead WHERE payload->>'source_id' = $1`,
        [sent.source_id],
      );
      expect(rows).toEqual([{ id: answers[0]?.body['lead_id'], journeys: 1 }]);
      if (/UNAVAILABLE/.test(JSON.stringify(answers[0]?.body['reason_codes']))) return false;
      expect(answers[0]).toMatchObject({ status: 200, body: { decision } });
    }
    return true;
  }

  it.each([1, 2])(
    'over %i process(es), whatever is decided',
    async (processes) => {
      let checked = false;
      for (let person = processes * 20; !checked && person < processes * 20 + MOST_TRIES; person += 1)
        checked = await decidesAlike(processes, person);
      expect(checked).toBe(true);
    },
    600_000,
  );

  it('after a restart the same request still reads the same answer', async () => {
    const sent = { tenant_id: 't1', source_id: 'restart', email: 'restart@example.com' };
    const first = await tell(gateways[0] as GatewayProcess, sent);
    await (gateways[0] as GatewayProcess).kill();
    gateways[0] = await start();
    const again = await tell(gateways[0], sent);
    expect([withoutLatency(again), again.replayed]).toEqual([withoutLatency(first), true]);
  });
});
