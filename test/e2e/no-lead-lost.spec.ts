import { eventually } from '../support/eventually.js';
import {
  type DemoCrmProcess,
  type GatewayOptions,
  type GatewayProcess,
  makeDataDir,
  QUEUE_BACKENDS,
  startDemoCrm,
  startGateway,
} from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { emptyTestRedis } from '../support/test-redis.js';
import { compareLedgers, startLoad, untilAcknowledged, untilSettled } from '../support/three-ledgers.js';

const NOTHING_WRONG = { lost: [], doubled: [], changed: [] };
const LEADS = 600;

describe.each(QUEUE_BACKENDS)('no acknowledged lead is lost or doubled on $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let crm: DemoCrmProcess;
  const running: GatewayProcess[] = [];

  beforeEach(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    crm = await startDemoCrm(folder.path);
  }, 60_000);

  afterEach(async () => {
    for (const gateway of running.splice(0)) await gateway.kill('SIGKILL');
    await crm.kill();
    await database.drop();
    await folder.remove();
  }, 60_000);

  async function gatewayOn(port = '0', env: Record<string, string> = {}): Promise<GatewayProcess> {
    const options: GatewayOptions = {
      databaseUrl: database.url,
      redisUrl,
      dataDir: folder.path,
      env: { CUSTOMER_API_URL: `${crm.url}/leads`, PORT: port, ...env },
    };
    const gateway = await startGateway(options);
    running.push(gateway);
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    return gateway;
  }

  it('when gateway and CRM are killed under load and started again', async () => {
    const first = await gatewayOn();
    const load = startLoad(first.url, LEADS, folder.path);
    await untilAcknowledged(load, LEADS / 3);
    await Promise.all([first.kill('SIGKILL'), crm.kill('SIGKILL')]);
    crm = await startDemoCrm(folder.path, Number(new URL(crm.url).port));
    const second = await gatewayOn(new URL(first.url).port);
    await load.exited;
    await untilSettled(second);
    const acknowledged = await load.acknowledged();
    expect(acknowledged.length).toBeGreaterThan(LEADS / 2);
    expect(await compareLedgers(acknowledged, crm)).toEqual(NOTHING_WRONG);
  }, 180_000);

  it('when two gateways share the database', async () => {
    const [one, two] = await Promise.all([gatewayOn(), gatewayOn()]);
    const loads = [startLoad(one.url, LEADS / 2, folder.path, { seed: 1 }), startLoad(two.url, LEADS / 2, folder.path, { seed: 2 })];
    await Promise.all(loads.map(({ exited }) => exited));
    const counts = await untilSettled(one);
    const acknowledged = (await Promise.all(loads.map((load) => load.acknowledged()))).flat();
    expect(acknowledged).toHaveLength(LEADS);
    expect(counts.delivered).toBe(LEADS);
    expect(await compareLedgers(acknowledged, crm)).toEqual(NOTHING_WRONG);
    expect(await crm.requests()).toHaveLength(LEADS);
  }, 180_000);

  it('when the gateway is told to stop under load: it drains, and a new one finishes the rest', async () => {
    const first = await gatewayOn();
    const load = startLoad(first.url, LEADS, folder.path);
    await untilAcknowledged(load, LEADS / 3);
    const ended = await first.kill('SIGTERM');
    expect(ended).toEqual({ code: 0, signal: null });
    const second = await gatewayOn(new URL(first.url).port);
    await load.exited;
    await untilSettled(second);
    expect(await compareLedgers(await load.acknowledged(), crm)).toEqual(NOTHING_WRONG);
    // A clean stop leaves no call in doubt: nothing was sent twice.
    expect(await crm.requests()).toHaveLength((await crm.leads()).length);
  }, 180_000);

  it('when the CRM fails, hangs up and lies about it', async () => {
    const gateway = await gatewayOn();
    const load = startLoad(gateway.url, LEADS / 2, folder.path);
    for (const mode of ['500', 'reset', '429', '503', 'html']) {
      await untilAcknowledged(load, 20);
      await crm.mode({ mode, times: 15 });
    }
    await load.exited;
    await untilSettled(gateway);
    const findings = await compareLedgers(await load.acknowledged(), crm);
    expect({ doubled: findings.doubled, changed: findings.changed }).toEqual({ doubled: [], changed: [] });
  }, 180_000);
});

if (QUEUE_BACKENDS.some(({ redisUrl }) => redisUrl !== undefined)) {
  describe('no acknowledged lead is lost or doubled', () => {
    it('when Redis is flushed under load', async () => {
      await emptyTestRedis();
      const folder = await makeDataDir();
      const database = await createTestDatabase();
      const crm = await startDemoCrm(folder.path);
      const { redisUrl } = QUEUE_BACKENDS.find((backend) => backend.redisUrl !== undefined) ?? {};
      const gateway = await startGateway({
        databaseUrl: database.url,
        redisUrl,
        dataDir: folder.path,
        env: { CUSTOMER_API_URL: `${crm.url}/leads` },
      });
      try {
        const load = startLoad(gateway.url, LEADS, folder.path);
        await untilAcknowledged(load, LEADS / 4);
        await emptyTestRedis();
        await untilAcknowledged(load, LEADS / 2);
        await emptyTestRedis();
        await load.exited;
        await untilSettled(gateway);
        expect(await compareLedgers(await load.acknowledged(), crm)).toEqual(NOTHING_WRONG);
      } finally {
        await gateway.kill('SIGKILL');
        await crm.kill();
        await database.drop();
        await folder.remove();
      }
    }, 180_000);
  });
}
