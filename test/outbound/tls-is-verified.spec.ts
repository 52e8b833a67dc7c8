import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { PROJECT_ROOT, spawnProgram } from '../support/child-process.js';
import { aCertificate, anAuthority } from '../support/certificates.js';

const NAME = 'crm.example';
const DAY_MS = 86_400_000;

/** Calls every origin and prints the outcomes; a process of its own, because Node reads NODE_EXTRA_CA_CERTS at its start only. */
const CALLER = `
import { OutboundHttp, OutboundRules } from '#platform';
const http = new OutboundHttp({
  userAgent: 'leadgate/test',
  rules: new OutboundRules([{ range: '127.0.0.0/8' }]),
  lookup: async () => [{ address: '127.0.0.1', family: 4 }],
});
const outcomes = {};
for (const [name, origin] of Object.entries(JSON.parse(process.argv[1]))) {
  const { kind, code, statusCode } = await http.get({ origin, path: '/', headers: {}, timeoutMs: 60_000, keepConnection: false });
  outcomes[name] = { kind, code, statusCode };
}
console.log(JSON.stringify(outcomes));
await http.close();
`;

describe('TLS is verified', () => {
  const authority = anAuthority();
  const servers: Server[] = [];
  const served: string[] = [];
  let folder: string;
  let origins: Record<string, string>;

  async function listen(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async function tlsServer(name: string, options: TlsOptions): Promise<string> {
    const server = createServer(options, (socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        served.push(name);
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    return `https://${NAME}:${await listen(server)}`;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadgate-tls-'));
    await writeFile(join(folder, 'authority.pem'), authority.cert);
    const good = aCertificate({ names: [NAME], authority });
    const stranger = createPlainServer((socket) => {
      socket.on('error', () => {});
      // What is never read keeps the connection open, and with it the process.
      socket.resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    origins = {
      good: await tlsServer('good', good),
      'signed by itself': await tlsServer('signed by itself', aCertificate({ names: [NAME] })),
      'of an unknown authority': await tlsServer(
        'of an unknown authority',
        aCertificate({ names: [NAME], authority: anAuthority('Stranger') }),
      ),
      expired: await tlsServer('expired', aCertificate({ names: [NAME], authority, validUntil: new Date(Date.now() - DAY_MS) })),
      'of another host': await tlsServer('of another host', aCertificate({ names: ['other.example'], authority })),
      'of the address instead of the host': await tlsServer(
        'of the address instead of the host',
        aCertificate({ names: ['127.0.0.1'], authority }),
      ),
      'TLS 1.1': await tlsServer('TLS 1.1', { ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      'plain http on a TLS port': `https://${NAME}:${await listen(stranger)}`,
    };
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--tls-min-v1.0' }])(
    'for the host that was asked for, and nothing is sent to another, with the environment %j',
    async (environment) => {
      served.length = 0;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', CALLER, JSON.stringify(origins)], {
        cwd: PROJECT_ROOT,
        env: { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'), ...environment },
      });
      const { good, ...others } = JSON.parse(stdout) as Record<string, { kind: string; code?: string; statusCode?: number }>;
      expect(good).toEqual({ kind: 'answered', statusCode: 200 });
      expect(others).toEqual({
        'signed by itself': { kind: 'not_sent', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
        'of an unknown authority': { kind: 'not_sent', code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
        expired: { kind: 'not_sent', code: 'CERT_HAS_EXPIRED' },
        'of another host': { kind: 'not_sent', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
        'of the address instead of the host': { kind: 'not_sent', code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
        'TLS 1.1': { kind: 'not_sent', code: expect.stringMatching(/^(ERR_SSL_|EPROTO|ECONNRESET)/) },
        'plain http on a TLS port': { kind: 'not_sent', code: expect.stringMatching(/^(ERR_SSL_|EPROTO)/) },
      });
      expect(served).toEqual(['good']);
    },
  );

  it('by a gateway that refuses to start where the environment switches that off', async () => {
    const gateway = spawnProgram('dist/apps/gateway/src/main.js', {
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      PORT: '0',
    });
    expect(await gateway.exited).toMatchObject({ code: 1 });
    expect(gateway.output()).toMatch(/NODE_TLS_REJECT_UNAUTHORIZED is 0.*NODE_EXTRA_CA_CERTS/);
  });
});
