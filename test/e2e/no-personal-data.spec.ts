import { Redis } from 'ioredis';
import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { findCanaries, unwanted } from '../support/find-canaries.js';
import {
  type DemoCrmProcess,
  type GatewayProcess,
  makeDataDir,
  QUEUE_BACKENDS,
  startDemoCrm,
  startGateway,
} from '../support/gateway-process.js';
import { contentOfRedis } from '../support/redis-content.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { untilSettled } from '../support/until-settled.js';

const CANARIES = {
  email: 'kanarienvogel-4711@example.com',
  phone: '01604711471',
  international: '+491604711471',
  first_name: 'Zwitscherina',
  last_name: 'Gelbfeder-Käfig',
  street: 'Volierenweg 4711',
  key: 'canary-idempotency-key-4711',
  secret: 'canary-shared-secret-4711',
};
const PLANTED = Object.values(CANARIES);
const LEAD = {
  email: CANARIES.email,
  phone: CANARIES.phone,
  first_name: CANARIES.first_name,
  last_name: CANARIES.last_name,
  address: { zip: '66123', street: CANARIES.street },
  house: { is_owner: true },
};

describe.each(QUEUE_BACKENDS)('personal data stay in the columns that are meant for them, on $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let crm: DemoCrmProcess;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    crm = await startDemoCrm(folder.path);
    gateway = await startGateway({
      databaseUrl: database.url,
      redisUrl,
      dataDir: folder.path,
      env: { CUSTOMER_API_URL: `${crm.url}/leads`, LEADGATE_LOG_LEVEL: 'trace', WEBHOOK_SHARED_SECRET: CANARIES.secret },
    });
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    await sendThemEveryWay();
    await untilSettled(gateway);
  });

  afterAll(async () => {
    await gateway.kill();
    await crm.kill();
    await database.drop();
    await folder.remove();
  });

  /** Accepted, refused, repeated, broken, unauthenticated; to a CRM that takes them, fails, refuses and hangs up. */
  async function sendThemEveryWay(): Promise<void> {
    const secret = { 'x-shared-secret': CANARIES.secret };
    const send = async (body: unknown, headers: Record<string, string> = secret): Promise<void> => {
      await gateway.post(`/webhooks/leads?email=${encodeURIComponent(CANARIES.email)}`, body, { ...headers });
    };
    await send(LEAD, { ...secret, 'idempotency-key': CANARIES.key });
    await send(LEAD, { ...secret, 'idempotency-key': CANARIES.key });
    await send({ ...LEAD, note: 'other' }, { ...secret, 'idempotency-key': CANARIES.key });
    await send({ ...LEAD, address: { zip: CANARIES.street } });
    await send({ ...LEAD, phone: undefined });
    await send({ ...LEAD, solar_roof_age: CANARIES.last_name, phone: `${CANARIES.phone} x` });
    await send(`${JSON.stringify(LEAD)} trailing ${CANARIES.email}`);
    await send(LEAD, {});
    await send(LEAD, { 'x-shared-secret': `${CANARIES.secret}x` });
    await send(LEAD, { ...secret, 'content-type': 'text/plain' });
    await gateway.post('/api/lead', { email: CANARIES.email, firstName: CANARIES.first_name, phone: CANARIES.phone });
    await fetch(`${gateway.url}/v1/leads?email=${encodeURIComponent(CANARIES.email)}`);
    await fetch(`${gateway.url}/${CANARIES.email}`);
    for (const mode of ['500', 'reset', '400', 'html']) {
      await crm.mode({ mode, times: 1 });
      await send({ ...LEAD, mode });
    }
  }

  const planted = (text: string): string[] => PLANTED.filter((canary) => text.toLowerCase().includes(canary.toLowerCase()));

  it('not in the log, at any level', () => {
    const lines = gateway.output().split('\n');
    for (const event of ['accept', 'journey', 'attempt']) {
      const told = lines.filter((text) => text.includes(`"event":"${event}"`));
      for (const line of told) expect(line).toMatch(/"request_id":"[^"]+"/);
      // Not those of requests that a slow machine answered 503.
      expect(told.find((line) => /"lead_id":"[0-9a-f-]{36}"/.test(line))).toBeDefined();
    }
    expect(planted(gateway.output())).toEqual([]);
  });

  it('not in the metrics', async () => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toContain('leadgate_leads_total{');
    expect(planted(metrics)).toEqual([]);
  });

  it('in no column but those on the list, the queue’s own included', async () => {
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    const sightings = await findCanaries(client, PLANTED);
    await client.end();
    expect(sightings.length).toBeGreaterThan(0);
    expect(unwanted(sightings)).toEqual([]);
    expect(sightings.filter(({ canary }) => canary === CANARIES.key || canary === CANARIES.secret)).toEqual([]);
  });

  it('not in Redis', async () => {
    if (redisUrl === undefined) return expect(gateway.output()).toContain('"backend":"postgres"');
    const redis = new Redis(redisUrl);
    const content = await contentOfRedis(redis);
    redis.disconnect();
    expect(planted(content)).toEqual([]);
  });
});
