import { join } from 'node:path';
import { EmbeddedPostgres, prepareDatabase } from '#platform';
import { PROJECT_ROOT } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { type DemoCrmProcess, type GatewayProcess, makeDataDir, startDemoCrm, startGateway } from '../support/gateway-process.js';
import { compareLedgers, startLoad, untilAcknowledged, untilSettled } from '../support/three-ledgers.js';

const LEAD = { email: 'ann@example.com', phone: '0160 8912308', address: { zip: '66123' }, house: { is_owner: true } };

/** A server of this suite's own, because it is stopped and killed. */
describe('Postgres goes away', () => {
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let postgres: EmbeddedPostgres;
  let crm: DemoCrmProcess;
  let gateway: GatewayProcess | undefined;

  beforeAll(async () => {
    folder = await makeDataDir();
    postgres = await startPostgres();
    await prepareDatabase({ ownerUrl: postgres.urls.owner, appUrl: postgres.urls.app, projectRoot: PROJECT_ROOT });
    crm = await startDemoCrm(folder.path);
  }, 120_000);

  afterEach(async () => {
    await gateway?.kill('SIGKILL');
  });

  afterAll(async () => {
    await crm.kill();
    await postgres.destroy();
    await folder.remove();
  }, 60_000);

  const startPostgres = (): Promise<EmbeddedPostgres> =>
    EmbeddedPostgres.start({ dataDir: join(folder.path, 'postgres'), projectRoot: PROJECT_ROOT });

  const start = async (): Promise<GatewayProcess> => {
    gateway = await startGateway({ databaseUrl: postgres.urls.app, dataDir: folder.path, env: { CUSTOMER_API_URL: `${crm.url}/leads` } });
    return gateway;
  };

  const ready = (running: GatewayProcess): Promise<true> =>
    eventually('the gateway is ready', async () => ((await fetch(`${running.url}/health/ready`)).ok ? true : undefined), 60);

  it('before the start: the door answers 503 with Retry-After, and opens by itself', async () => {
    await postgres.stop('immediate');
    const running = await start();
    const refused = await running.post('/webhooks/leads', LEAD);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${running.url}/health`)).status).toBe(503);
    expect((await fetch(`${running.url}/health/live`)).status).toBe(200);
    postgres = await startPostgres();
    await ready(running);
    expect((await running.post('/webhooks/leads', LEAD)).status).toBe(200);
    await untilSettled(running);
  }, 120_000);

  it.each(['fast', 'immediate'] as const)(
    'under load (%s): 503 meanwhile, then everything acknowledged is delivered once',
    async (mode) => {
      const running = await start();
      await ready(running);
      const load = startLoad(running.url, 1500, folder.path, { seed: mode === 'fast' ? 11 : 12 });
      await untilAcknowledged(load, 200);
      await postgres.stop(mode);
      const refused = await eventually('a lead is refused', async () => {
        const answer = await running.post('/webhooks/leads', LEAD);
        return answer.ok ? undefined : answer;
      });
      expect(refused.status).toBe(503);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      postgres = await startPostgres();
      await load.exited;
      await ready(running);
      await untilSettled(running);
      expect(await compareLedgers(await load.acknowledged(), crm)).toEqual({ lost: [], doubled: [], changed: [] });
    },
    180_000,
  );
});
