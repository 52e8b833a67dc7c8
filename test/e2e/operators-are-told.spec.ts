import { createHmac } from 'node:crypto';
import { answers, ScriptedCrm } from '../support/scripted-crm.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const SECRET = 'a-secret-of-the-operators';

let database: TestDatabase;
let data: { path: string; remove(): Promise<void> };
let receiver: ScriptedCrm;
let gateway: GatewayProcess;

beforeAll(async () => {
  [database, data, receiver] = [await createTestDatabase(), await makeDataDir(), await ScriptedCrm.start()];
  receiver.always(answers.status(204));
  gateway = await startGateway({
    databaseUrl: database.url,
    dataDir: data.path,
    env: {
      LEADGATE_OPERATOR_WEBHOOK_URL: receiver.url,
      LEADGATE_OPERATOR_WEBHOOK_SECRET: 'env:OPERATORS_SECRET',
      OPERATORS_SECRET: SECRET,
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: `127.0.0.1:${receiver.port}`,
    },
  });
  await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
});
afterAll(async () => {
  await gateway.kill();
  await receiver.close();
  await data.remove();
  await database.drop();
});

it('a running gateway tells its operators, signed, and shows them the same over HTTP', async () => {
  const order = await gateway.post('/v1/destinations/customer-api/pause', { reason: 'a test' }, { authorization: `Bearer ${ADMIN_KEY}` });
  expect(order.status).toBe(200);
  await receiver.received(1);
  const [request] = receiver.requests;
  expect(JSON.parse(request?.body ?? '')).toMatchObject({
    type: 'destination.paused',
    data: { subject: 'demo/customer-api', tenant_id: 'demo', reason: 'by_hand' },
  });
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request?.headers ?? {};
  expect(signature).toBe(`v1,${createHmac('sha256', SECRET).update(`${id}.${timestamp}.${request?.body}`).digest('base64')}`);
  const told = await eventually('it counts as told', async () => {
    const { events } = await gateway.read<{ events: { id: string; sent_at: string | null }[] }>('/v1/operator-events');
    return events[0]?.sent_at === null ? undefined : events;
  });
  expect(told).toMatchObject([{ id, type: 'destination.paused', attempts: 1 }]);
});

it('a running gateway works out its ledger and shows it as metrics', async () => {
  const metrics = await eventually('the ledger is worked out', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return text.includes('leadgate_ledger_unbalanced 0') && text.includes('leadgate_oldest_undecided_seconds 0') ? text : undefined;
  });
  expect(metrics).not.toContain('leadgate_alarm{');
  // What takes a second to answer counts as down, on a machine that is slow, too.
  const alarms = await eventually('the alarms are answered for', async () => {
    const { components } = await gateway.read<{ components: Record<string, { status: string }> }>('/health');
    return components['alarms']?.status === 'down' ? undefined : components['alarms'];
  });
  expect(alarms).toEqual({ status: 'up' });
});
