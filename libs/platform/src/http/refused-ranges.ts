import ipaddr from 'ipaddr.js';

/** An IPv4 or IPv6 address as a number range of ipaddr.js. */
export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number];

export interface RefusedRange {
  /** For operators: what lives there. */
  readonly what: string;
  /** A network that a company may run a CRM in. Whatever is none is never reached through a name, also not through one on the allow-list. */
  readonly ownNetwork: boolean;
}

const OWN = true;
const NEVER = false;

/** What is not on the public Internet: the special-purpose registries of IANA, and what cloud providers answer their machines at. */
const RANGES: readonly (readonly [range: string, what: string, ownNetwork: boolean])[] = [
  ['0.0.0.0/8', 'this host', NEVER],
  ['10.0.0.0/8', 'a private network', OWN],
  ['100.64.0.0/10', 'a carrier-grade NAT', OWN],
  ['127.0.0.0/8', 'this machine', OWN],
  ['168.63.129.16/32', 'the Azure platform', NEVER],
  ['169.254.0.0/16', 'link-local, where clouds keep their credentials', NEVER],
  ['172.16.0.0/12', 'a private network', OWN],
  ['192.0.0.0/24', 'protocol assignments', NEVER],
  ['192.0.2.0/24', 'documentation', NEVER],
  ['192.88.99.0/24', '6to4 relays', NEVER],
  ['192.168.0.0/16', 'a private network', OWN],
  ['198.18.0.0/15', 'benchmarks', NEVER],
  ['198.51.100.0/24', 'documentation', NEVER],
  ['203.0.113.0/24', 'documentation', NEVER],
  ['224.0.0.0/4', 'multicast', NEVER],
  ['240.0.0.0/4', 'reserved or broadcast', NEVER],

  ['::1/128', 'this machine', OWN],
  ['::/128', 'this host', NEVER],
  ['::/96', 'an IPv4 address in IPv6', NEVER],
  ['::ffff:0:0/96', 'an IPv4 address in IPv6', NEVER],
  ['::ffff:0:0:0/96', 'an IPv4 address in IPv6', NEVER],
  ['64:ff9b::/96', 'NAT64, an IPv4 address in IPv6', NEVER],
  ['64:ff9b:1::/48', 'NAT64, an IPv4 address in IPv6', NEVER],
  ['100::/64', 'nowhere (discard)', NEVER],
  // Teredo, ORCHID, benchmarks: none is a host on the Internet.
  ['2001::/23', 'protocol assignments', NEVER],
  ['2001:db8::/32', 'documentation', NEVER],
  ['2002::/16', '6to4, an IPv4 address in IPv6', NEVER],
  ['3fff::/20', 'documentation', NEVER],
  ['5f00::/16', 'segment routing', NEVER],
  // The metadata services of AWS and Google Cloud stand in the middle of what companies use for themselves.
  ['fd00:ec2::/32', 'the AWS platform', NEVER],
  ['fd20:ce::/32', 'the Google Cloud platform', NEVER],
  ['fc00::/7', 'a private network', OWN],
  ['fe80::/10', 'link-local', NEVER],
  ['fec0::/10', 'site-local', NEVER],
  ['ff00::/8', 'multicast', NEVER],
];

const REFUSED = RANGES.map(([range, what, ownNetwork]) => ({ range: ipaddr.parseCIDR(range), what, ownNetwork }));
/** All of IPv6 that is given out to networks of the Internet. What is added one day is refused until it stands here. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');
const UNKNOWN: RefusedRange = { what: 'not on the Internet', ownNetwork: false };

/** Why an address is not to be called; undefined for a public one. What cannot be read as an address is refused. */
export function refusedRange(address: string): RefusedRange | undefined {
  if (!ipaddr.isValid(address)) return UNKNOWN;
  const parsed = ipaddr.parse(address);
  const found = REFUSED.find(({ range }) => isWithin(parsed, range));
  if (found !== undefined) return found;
  return parsed.kind() === 'ipv6' && !isWithin(parsed, GLOBAL_UNICAST) ? UNKNOWN : undefined;
}

export function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, range: AddressRange): boolean {
  return address.kind() === range[0].kind() && address.match(range);
}
