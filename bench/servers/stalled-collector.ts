/** A StatsD collector that is there and never reads: it binds a UDP port, says which, and then holds its only thread for ever. */
import { createSocket } from 'node:dgram';

const socket = createSocket({ type: 'udp4', recvBufferSize: 4096 });
socket.bind(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ url: `udp://127.0.0.1:${socket.address().port}` })}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
