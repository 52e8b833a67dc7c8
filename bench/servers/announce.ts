import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';

/** The line by which the benchmark finds a server, as the gateway's own log has it. */
export function announce(server: Server): void {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
}

export function databaseUrl(): string {
  const url = process.env['DATABASE_URL'];
  if (url === undefined) throw new Error('DATABASE_URL is not set; this server is started by: npm run bench -- ingest');
  return url;
}
