import { isIP } from 'node:net';
import { buildConnector } from 'undici';
import { portOf } from './allowed-targets.js';
import type { HostLookup, ResolvedAddress } from './host-lookup.js';
import type { OutboundRules, OutboundTarget } from './outbound-rules.js';

export interface GuardedConnectorOptions {
  readonly rules: OutboundRules;
  readonly lookup: HostLookup;
  /** For the connection and TLS, after the look-up. */
  readonly timeoutMs: number;
}

/**
 * Opens connections to addresses that were judged, and to no others: we look the name up, judge every address, and give the socket those very
 * addresses, so that a name which leads elsewhere a moment later changes nothing (DNS rebinding). An IP literal never reaches a `lookup`,
 * therefore it is judged as well; Node 20 silently ignores `blockList`, therefore it is not relied on.
 * For TLS the certificate is verified against the host that was asked for, not against the address.
 */
export function guardedConnector({ rules, lookup, timeoutMs }: GuardedConnectorOptions): buildConnector.connector {
  return (options, callback) => {
    void judgedAddresses(targetOf(options), rules, lookup).then(
      (addresses) => connectorTo(addresses, timeoutMs)(options, callback),
      (error: unknown) => callback(error instanceof Error ? error : new Error('no address'), null),
    );
  };
}

async function judgedAddresses(target: OutboundTarget, rules: OutboundRules, lookup: HostLookup): Promise<readonly ResolvedAddress[]> {
  rules.judgeTarget(target);
  const address = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(address) !== 0) return [{ address, family: isIP(address) === 6 ? 6 : 4 }];
  const found = await lookup(target.hostname);
  rules.judgeAddresses(
    target,
    found.map((one) => one.address),
  );
  return found;
}

/** One per connection: its look-up gives what was judged and asks nobody. */
function connectorTo(addresses: readonly ResolvedAddress[], timeoutMs: number): buildConnector.connector {
  return buildConnector({
    timeout: timeoutMs,
    maxCachedSessions: 0,
    // Explicit: neither NODE_TLS_REJECT_UNAUTHORIZED nor --tls-min-v1.0 in the environment weakens what leads are sent over.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    autoSelectFamily: true,
    lookup: (_hostname, { all }, callback) => {
      const [first] = addresses;
      if (first === undefined) callback(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), '', 0);
      else if (all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    },
  });
}

/** undici gives an IPv6 literal without its brackets, and no port where it is that of the protocol. */
function targetOf({ hostname, protocol, port }: buildConnector.Options): OutboundTarget {
  const url = new URL(`${protocol}//${isIP(hostname) === 6 ? `[${hostname}]` : hostname}${port === '' ? '' : `:${port}`}`);
  return { protocol, hostname: url.hostname, port: portOf(url) };
}
