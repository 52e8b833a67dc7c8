import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { makeDataDir, startGateway } from '../support/gateway-process.js';
import { createTestDatabase } from '../support/test-database.js';

it('a sender stuck in the middle of a body does not keep a stopping gateway', async () => {
  const database = await createTestDatabase();
  const folder = await makeDataDir();
  const gateway = await startGateway({ databaseUrl: database.url, dataDir: folder.path });
  await eventually('the door is open', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
  const sender = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  sender.on('error', () => {});
  const closed = new Promise<void>((resolve) => sender.once('close', () => resolve()));
  await new Promise<void>((resolve) =>
    sender.write('POST /webhooks/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{', () =>
      resolve(),
    ),
  );

  expect(await gateway.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(gateway.output()).toContain('stopped: everything accepted is in Postgres');
  await closed;
  await database.drop();
  await folder.remove();
});
