import ipaddr from 'ipaddr.js';
import { type AllowedTarget, isLiteral, isPlainlyWritten, portOf } from './allowed-targets.js';
import { TARGET_REFUSED } from './call-failure.js';
import { type AddressRange, isWithin, refusedRange } from './refused-ranges.js';

/** Where a call is going, as WHATWG URL has normalised it. */
export interface OutboundTarget {
  readonly protocol: string;
  /** An IPv6 address stands in brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** The setting that every refusal names. */
const SETTING = 'LEADGATE_ALLOWED_PRIVATE_ADDRESSES';

/** Reserved ports below 1024 are not for HTTP; these above it belong to services that stand inside, and some do what a POST's lines say. */
const SERVICE_PORTS: readonly number[] = [
  1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5060, 5061, 5432, 5672, 5900, 5984, 6000, 6379, 6380, 6432, 6665, 6666, 6667,
  6668, 6669, 7000, 7001, 8500, 9042, 9092, 9200, 9300, 10_250, 10_255, 11_211, 26_379, 27_017, 27_018, 27_019,
];

/** May not be called. `message` is for operators. */
export class TargetRefused extends Error {
  readonly code = TARGET_REFUSED;
  constructor(message: string) {
    super(message);
    this.name = 'TargetRefused';
  }
}

type Entry = { readonly port: number | undefined } & ({ readonly range: AddressRange } | { readonly host: string });

/**
 * Which addresses other people's configuration may make us call: public ones over https, and what the allow-list names (also over http).
 * Pure: looks nothing up. It judges twice: a written address when it is saved, and what a name led to right before a connection is made.
 */
export class OutboundRules {
  /** Public addresses only. */
  static readonly strict = new OutboundRules([]);
  /**
   * For addresses that stand in the environment of the process: key providers such as Vault usually live in a private network, and no
   * tenant can say where. Whoever can write there could as well write the allow-list.
   */
  static readonly operatorsOwn = new OutboundRules([], true);

  private readonly allowed: readonly Entry[];

  constructor(
    allowed: readonly AllowedTarget[],
    private readonly anyTarget = false,
  ) {
    this.allowed = allowed.map((target) =>
      'range' in target
        ? { range: ipaddr.parseCIDR(target.range), port: target.port }
        : { host: withoutRootDot(target.host), port: target.port },
    );
  }

  /**
   * What is wrong with an address as it is written, and what mends it. Nothing is looked up or called, so whoever saves it learns nothing
   * about our network: only what they wrote themselves.
   */
  problemOf(text: string): string | undefined {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || !/^\s*https?:\/\//i.test(text))
      return 'must be an absolute address that begins with https:// or http://';
    if (url.username !== '' || url.password !== '') return 'must not carry a user or password; use authentication';
    if (text.includes('#')) return 'must not have a fragment (#…); it is never sent';
    if (!isPlainlyWritten(text, url))
      return 'names its host by another spelling of an IP address; write the address itself, such as 192.0.2.1';
    try {
      this.judgeTarget({ protocol: url.protocol, hostname: url.hostname, port: portOf(url) });
    } catch (error) {
      if (error instanceof TargetRefused) return error.message;
      throw error;
    }
    return undefined;
  }

  /** What can be said before a name is looked up; a literal address is judged for good. @throws TargetRefused */
  judgeTarget(target: OutboundTarget): void {
    if (isLiteral(target.hostname)) return this.judgeAddresses(target, [target.hostname.replace(/^\[|\]$/g, '')]);
    if (this.anyTarget) return;
    const listed = this.allowed.filter((entry) => !('host' in entry) || entry.host === withoutRootDot(target.hostname));
    const { protocol, port } = target;
    if (!isWebPort(port) && !listed.some((entry) => entry.port === port)) refusePort(port);
    // A name may yet lead to an address on the list; that is seen when it is called.
    if (protocol !== 'https:' && !listed.some((entry) => covers(entry, port))) refusePlainHttp();
  }

  /** Every address that a connection may be made to. One that is refused refuses all: a name that leads inside as well is not to be trusted. @throws TargetRefused */
  judgeAddresses(target: OutboundTarget, addresses: readonly string[]): void {
    if (this.anyTarget) return;
    const { protocol, port } = target;
    for (const address of addresses) {
      const refused = refusedRange(address);
      const listed = this.allowed.some(
        (entry) =>
          ('range' in entry
            ? ipaddr.isValid(address) && isWithin(ipaddr.parse(address), entry.range)
            : entry.host === withoutRootDot(target.hostname) && refused?.ownNetwork !== false) &&
          (entry.port === port || (entry.port === undefined && isWebPort(port))),
      );
      if (listed) continue;
      if (refused !== undefined)
        throw new TargetRefused(
          `leads to an address that is not on the Internet (${refused.what}); an operator can allow it with ${SETTING}`,
        );
      if (!isWebPort(port)) refusePort(port);
      if (protocol !== 'https:') refusePlainHttp();
    }
  }
}

function covers(entry: Entry, port: number): boolean {
  return entry.port === port || (entry.port === undefined && isWebPort(port));
}

function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && !SERVICE_PORTS.includes(port));
}

function refusePort(port: number): never {
  throw new TargetRefused(
    `has the port ${port}, which is not one of 80, 443 and 1024–65535 or belongs to another service; an operator can allow it with ${SETTING}`,
  );
}

function refusePlainHttp(): never {
  throw new TargetRefused(`must begin with https://; an operator can allow plain http to a host with ${SETTING}`);
}

function withoutRootDot(hostname: string): string {
  return hostname.replace(/\.$/, '').toLowerCase();
}
