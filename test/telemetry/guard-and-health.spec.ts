import { DECISION_LINES, HEALTH_COMPONENTS } from '../fixtures/telemetry.js';
import { eventually } from '../support/eventually.js';
import { type IngestionApp, startIngestionApp } from '../support/ingestion-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { abandonedPort, type Collector, startCollector } from './collector.js';

interface Health {
  readonly ok: boolean;
  readonly status: string;
  readonly components: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
}

describe('a gateway and its collector', () => {
  let database: TestDatabase;
  let collector: Collector;
  let app: IngestionApp | undefined;
  const start = async (port: number): Promise<IngestionApp> => {
    app = await startIngestionApp(database.url, { LEADGATE_STATSD: `127.0.0.1:${port}` });
    return app;
  };
  const ingest = (number: number): Promise<{ status: number; body: Record<string, unknown> }> =>
    (app as IngestionApp).send({
      path: '/v1/leads/ingest',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        tenant_id: 't1',
        source_id: `s-${number}`,
        source_type: 'FORM',
        email: `a${number}@example.com`,
        phone: '12',
      }),
    });
  const health = async (path: string): Promise<{ status: number; body: Health }> => {
    const { status, body } = await (app as IngestionApp).get(path, null);
    return { status, body: body as unknown as Health };
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    collector = await startCollector();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  afterAll(async () => {
    await collector?.close();
    await database?.drop();
  });

  it(`${DECISION_LINES.id}: a verdict is told once; its repetition is not a decision`, async () => {
    await start(collector.port);
    const first = await ingest(1);
    expect([first.status, first.body['decision']]).toEqual([200, 'WARN']);
    const counters = (): string[] => collector.lines().filter((line) => line.endsWith('|c'));
    await eventually('the lines of one decision', async () => (counters().length >= 3 ? true : undefined));
    expect((await ingest(1)).body['request_id']).toBe(first.body['request_id']);
    await ingest(2);
    await eventually('the lines of the next one', async () => (counters().length >= 6 ? true : undefined));
    const [decision, latency, source] = counters();
    expect(decision).toBe('leg.decision.warn:1|c');
    expect(latency).toMatch(DECISION_LINES.latency);
    expect(source).toBe('leg.source.form:1|c');
    expect(counters()).toHaveLength(6);
    expect(collector.datagrams.join('\n')).not.toMatch(/@|example|s-1|t1/);
  });

  it.each(['/health', '/ready', '/health/ready'])('%s lists the components, probed live', async (path) => {
    await start(collector.port);
    const components = await eventually('a heartbeat that has left', async () => {
      const { body } = await health(path);
      return body.components['heartbeat']?.status === 'up' ? body.components : undefined;
    });
    expect(Object.keys(components)).toEqual(expect.arrayContaining([...HEALTH_COMPONENTS]));
    expect(components['telemetry']).toEqual({ status: 'up' });
  });

  it('an absent collector degrades two components, and nothing else: leads are decided and the status code is 200', async () => {
    await start(await abandonedPort());
    for (let number = 10; number < 20; number += 1) expect((await ingest(number)).status).toBe(200);
    const { status, body } = await eventually('both say so', async () => {
      await ingest(20);
      const answer = await health('/ready');
      const { postgres, telemetry, heartbeat } = answer.body.components;
      return postgres?.status === 'up' && telemetry?.status === 'degraded' && heartbeat?.status === 'degraded' ? answer : undefined;
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ ok: true, status: 'degraded', ready: true });
    expect(body.components['telemetry']?.detail).toContain('ECONNREFUSED');
  });
});
