/** The floor: nothing but node:http around the group commit. */
import { createServer } from 'node:http';
import { announce, databaseUrl } from './announce.js';
import { leadWriter } from './store-lead.js';

const write = leadWriter(databaseUrl());
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    write(Buffer.concat(chunks)).then(
      (answer) => response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer),
      () => response.writeHead(500).end(),
    );
  });
});
server.listen(0, '127.0.0.1', () => announce(server));
