import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { resetSocket } from './reset-socket.js';

describe('a connection that is reset', () => {
  it.each([
    { description: 'in the middle of things', end: false, ends: 'ECONNRESET' },
    { description: 'while its end is on its way', end: true, ends: 'closed' },
  ])('$description is over at both sides', async ({ end, ends }) => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const [other] = (await accepted) as [typeof socket];
    const otherEnds = new Promise<string>((resolve) => {
      other.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`)).on('end', () => resolve('closed'));
      other.resume();
    });
    if (end) socket.end();
    const closed = once(socket, 'close');
    resetSocket(socket);
    await closed;
    expect(await otherEnds).toBe(ends);
    other.destroy();
    server.close();
  });
});
