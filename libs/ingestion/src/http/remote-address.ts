import type { IncomingHttpHeaders } from 'node:http';
import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Who sent a request, as far as it can be believed. */
export class RemoteAddresses {
  private readonly trusted: readonly Range[];

  /** @param trustedProxies addresses or ranges whose X-Forwarded-For is believed; none: the header is ignored */
  constructor(trustedProxies: readonly string[]) {
    this.trusted = trustedProxies.map((text) => {
      if (text.includes('/')) return ipaddr.parseCIDR(text);
      const address = ipaddr.parse(text);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    });
  }

  /**
   * From the right of X-Forwarded-For, where the nearest proxy writes, to the left: the first address that is no trusted proxy. What
   * stands further left was written by whoever that is and proves nothing.
   */
  of(peerAddress: string, headers: IncomingHttpHeaders): string {
    if (this.trusted.length === 0 || !this.isTrusted(peerAddress)) return peerAddress;
    const forwarded = headers['x-forwarded-for'];
    if (typeof forwarded !== 'string') return peerAddress;
    let sender = peerAddress;
    for (const hop of forwarded.split(',').reverse()) {
      const address = withoutPort(hop.trim());
      if (!ipaddr.isValid(address)) return sender;
      sender = ipaddr.process(address).toString();
      if (!this.isTrusted(sender)) return sender;
    }
    return sender;
  }

  private isTrusted(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return this.trusted.some((range) => range[0].kind() === address.kind() && address.match(range));
  }
}

/** An IPv4 peer of a socket that also takes IPv6 is shown as ::ffff:1.2.3.4. */
export function peerAddressOf(socketAddress: string | undefined): string {
  if (socketAddress === undefined) return 'unknown';
  return socketAddress.startsWith('::ffff:') ? socketAddress.slice(7) : socketAddress;
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop);
  if (bracketed !== null) return bracketed[1] as string;
  return /^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.lastIndexOf(':')) : hop;
}
