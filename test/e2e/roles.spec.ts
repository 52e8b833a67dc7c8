import { eventually } from '../support/eventually.js';
import {
  type DemoCrmProcess,
  type GatewayProcess,
  makeDataDir,
  patient,
  QUEUE_BACKENDS,
  startDemoCrm,
  startGateway,
} from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEAD = { email: 'ann@example.com', phone: '0160 8912308', address: { zip: '66123' }, house: { is_owner: true } };

describe.each(QUEUE_BACKENDS)('roles in processes of their own on $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let crm: DemoCrmProcess;
  let door: GatewayProcess;
  let worker: GatewayProcess;

  beforeAll(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    crm = await startDemoCrm(folder.path);
    const start = (roles: string): Promise<GatewayProcess> =>
      startGateway({
        databaseUrl: database.url,
        redisUrl,
        dataDir: folder.path,
        env: { CUSTOMER_API_URL: `${crm.url}/leads`, LEADGATE_ROLES: roles },
      });
    door = await start('api');
    worker = await start('pipeline,delivery,relay');
    await eventually('the door is open', async () => ((await fetch(`${door.url}/health/ready`)).ok ? true : undefined));
  });

  afterAll(async () => {
    await crm.kill();
    await database.drop();
    await folder.remove();
  });

  it('what the one accepts the other decides and delivers', async () => {
    const response = await eventually('the door takes a lead', async () => {
      const answer = await door.post('/webhooks/leads', LEAD);
      return answer.ok ? answer : undefined;
    });
    const { lead_id: id } = (await response.json()) as { lead_id: string };
    await eventually('the lead is delivered', async () => {
      const { status } = await door.read<{ status: string }>(`/stats/leads/${id}/history`);
      return status === 'DELIVERED' ? true : undefined;
    });
  });

  it('what the one decides without delivering anything, the other delivers', async () => {
    const response = await door.post('/v1/leads/ingest', { tenant_id: 'demo', ...LEAD, email: 'bob@example.com', phone: '0160 8912309' });
    expect(((await response.json()) as { decision: string }).decision).toBe('PASS');
    await eventually('the CRM has both', async () => {
      const { delivered } = await door.read<{ delivered: number }>('/stats/leads/counts');
      return delivered === 2 ? true : undefined;
    });
    const metrics = await (await fetch(`${door.url}/metrics`)).text();
    expect(metrics).toContain('leadgate_rings_total{kind="deliveries",result="rung"}');
    expect(metrics).not.toContain('result="here"');
  });

  it('a process without the door takes no leads, and tells its health', async () => {
    expect((await worker.post('/webhooks/leads', LEAD)).status).toBe(404);
    expect((await patient('GET /health', () => fetch(`${worker.url}/health`))).status).toBe(200);
  });

  it('each of them drains and ends with 0', async () => {
    expect(await Promise.all([door.kill(), worker.kill()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });
});
