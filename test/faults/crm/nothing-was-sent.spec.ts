import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { aCertificate, anAuthority } from '../../support/certificates.js';
import { deliveriesOf, postLead, writeTenant, type DeliveryFacts, type DestinationWish } from '../support/crm-tenant.js';
import { FaultWorld } from '../support/fault-world.js';

const DAY_MS = 86_400_000;
const TRIES = 3;

interface Case {
  readonly fault: string;
  readonly name: string;
  readonly code: RegExp;
  readonly error: RegExp;
}

const CASES: readonly Case[] = [
  { fault: 'F57', name: 'signed-by-itself', code: /^DEPTH_ZERO_SELF_SIGNED_CERT$/, error: /^TLS failed: DEPTH_ZERO_SELF_SIGNED_CERT$/ },
  { fault: 'F57', name: 'expired', code: /^CERT_HAS_EXPIRED$/, error: /^TLS failed: CERT_HAS_EXPIRED$/ },
  { fault: 'F57', name: 'of-another-host', code: /^ERR_TLS_CERT_ALTNAME_INVALID$/, error: /^TLS failed: ERR_TLS_CERT_ALTNAME_INVALID$/ },
  { fault: 'F57', name: 'plain-on-a-tls-port', code: /^(ERR_SSL_|EPROTO)/, error: /^TLS failed: / },
  { fault: 'F58', name: 'no-such-name', code: /^(ENOTFOUND|EAI_AGAIN|DNS_TIMEOUT)$/, error: /^Host name / },
  { fault: 'F58', name: 'nobody-listens', code: /^ECONNREFUSED$/, error: /^Connection refused$/ },
];

/**
 * Faults that come before the first byte of a request. The destinations are blind: a repeat would double the lead if anything had been sent,
 * so a lead that is tried again shows that this is known.
 */
describe('a lead of which not a byte was sent', () => {
  const servers: Server[] = [];
  const served: string[] = [];
  let world: FaultWorld;
  let deliveries: ReadonlyMap<string, DeliveryFacts>;

  async function tlsServer(options: TlsOptions): Promise<string> {
    const server = createServer(options, (socket) => {
      socket.on('error', () => {
        // The gateway breaks off at the certificate.
      });
      socket.on('data', (bytes: Buffer) => served.push(bytes.toString('latin1')));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `https://localhost:${(server.address() as AddressInfo).port}/leads`;
  }

  beforeAll(async () => {
    world = await FaultWorld.open();
    const authority = anAuthority();
    const authorities = join(world.folder.path, 'authority.pem');
    await writeFile(authorities, authority.cert);
    const urls: Readonly<Record<string, string>> = {
      'signed-by-itself': await tlsServer(aCertificate({ names: ['localhost'] })),
      expired: await tlsServer(aCertificate({ names: ['localhost'], authority, validUntil: new Date(Date.now() - DAY_MS) })),
      'of-another-host': await tlsServer(aCertificate({ names: ['crm.example'], authority })),
      'plain-on-a-tls-port': world.crm.url.replace('http:', 'https:'),
      'no-such-name': 'https://no-such-host.invalid/leads',
      'nobody-listens': 'http://127.0.0.1:1/leads',
    };
    const destinations = CASES.map(({ name }): DestinationWish => ({
      name,
      url: urls[name] ?? '',
      effect: 'blind',
      retry_multiples: Array(TRIES - 1).fill(1),
    }));
    const gateway = world.slot({
      LEADGATE_CONFIG: await writeTenant(world, destinations),
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: `127.0.0.0/8,127.0.0.1:1,${servers.map((server) => `localhost:${(server.address() as AddressInfo).port}`).join(',')}`,
      NODE_EXTRA_CA_CERTS: authorities,
    });
    await gateway.start();
    const leadId = await postLead(gateway.url);
    await world.until('the lead is given up', `select from leads where status = 'PERMANENTLY_FAILED'`);
    deliveries = await deliveriesOf(world, leadId);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await world?.close();
  });

  it.each(CASES)('$fault $name', ({ name, code, error }) => {
    const delivery = deliveries.get(name);
    expect(delivery).toMatchObject({ status: 'PERMANENTLY_FAILED', last_error: expect.stringMatching(/^Max retries exhausted: /) });
    expect(delivery?.attempts).toHaveLength(TRIES);
    for (const attempt of delivery?.attempts ?? []) {
      expect(attempt).toMatchObject({ sent_state: 'not_sent', status_code: null });
      expect([attempt.error_code, attempt.error_message]).toEqual([expect.stringMatching(code), expect.stringMatching(error)]);
    }
  });

  it('reached nobody', async () => {
    expect(served).toEqual([]);
    expect(await world.crm.requests()).toEqual([]);
  });
});
