import { eventually } from '../support/eventually.js';
import { type DemoCrmProcess, type GatewayProcess, makeDataDir, startDemoCrm, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const NO_REDIS = 'redis://127.0.0.1:1';

describe('while no queue can be had', () => {
  let database: TestDatabase;
  let crm: DemoCrmProcess;
  let gateway: GatewayProcess;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;

  beforeAll(async () => {
    folder = await makeDataDir();
    database = await createTestDatabase();
    crm = await startDemoCrm(folder.path);
    const env = { CUSTOMER_API_URL: `${crm.url}/leads` };
    gateway = await startGateway({ databaseUrl: database.url, redisUrl: NO_REDIS, dataDir: folder.path, env });
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
  });
  afterAll(async () => {
    await gateway?.kill();
    await crm?.kill();
    await database?.drop();
    await folder?.remove();
  });

  it('what a request decides is delivered by the process that decided it', async () => {
    const lead = { email: 'jane@example.com', phone: '0160 8912309', address: { zip: '66123' }, house: { is_owner: true } };
    const response = await gateway.post('/v1/leads/ingest', { tenant_id: 'demo', ...lead });
    const verdict = (await response.json()) as { request_id: string; decision: string };
    expect(verdict.decision).toBe('PASS');
    await eventually('the CRM has it', async () => {
      const { delivered } = await gateway.read<{ delivered: number }>('/stats/leads/counts');
      return delivered === 1 ? true : undefined;
    });
    const { components } = (await (await fetch(`${gateway.url}/health`)).json()) as { components: { queue: { status: string } } };
    expect(components.queue.status).not.toBe('up');
  });
});
