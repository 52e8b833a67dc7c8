import { lookup, promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { DNS_TIMEOUT } from './call-failure.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Every address of a name, at least one. Rejects with an error that carries a code. */
export type HostLookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface HostLookupOptions {
  /** All steps together. Default 3 s (FAULTS C29). */
  readonly timeoutMs?: number;
  /** `address:port` of name servers; unless told those of the system. */
  readonly servers?: readonly string[];
  readonly hostsFile?: string;
}

/** Node has 4 threads for all look-ups, files and passwords of the process; getaddrinfo keeps one as long as a name server likes. */
const SYSTEM_LOOKUPS_AT_ONCE = 2;

/**
 * Finds the addresses of a name without holding up the process: the hosts file, then the name servers through c-ares, which needs no thread.
 * Only what both do not know goes to the system's own look-up (search domains, mDNS), two names at a time: a tenant whose name server never
 * answers keeps nobody else's look-ups or files waiting. Names being looked up are asked for once; answers are not kept, so every new
 * connection sees what holds now.
 */
export function systemHostLookup({ timeoutMs = 3000, servers, hostsFile = '/etc/hosts' }: HostLookupOptions = {}): HostLookup {
  const resolver = new dns.Resolver({ timeout: Math.ceil(timeoutMs / 3), tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();
  const system = new SystemLookups();

  const find = async (hostname: string): Promise<readonly ResolvedAddress[]> => {
    const written = await fromHostsFile(hostsFile, hostname);
    if (written.length > 0) return written;
    const [four, six] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    const found = [...addressesIn(four, 4), ...addressesIn(six, 6)];
    if (found.length > 0) return found;
    if ([four, six].some((answer) => answer.status === 'rejected' && codeOf(answer.reason) === 'ETIMEOUT')) throw withCode(DNS_TIMEOUT);
    return system.find(hostname);
  };

  return (hostname) => {
    const known = underWay.get(hostname);
    if (known !== undefined) return known;
    const answer = within(timeoutMs, find(hostname)).finally(() => underWay.delete(hostname));
    underWay.set(hostname, answer);
    return answer;
  };
}

/** getaddrinfo, a few at a time. */
class SystemLookups {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  async find(hostname: string): Promise<readonly ResolvedAddress[]> {
    if (this.running >= SYSTEM_LOOKUPS_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await new Promise((resolve, reject) => {
        lookup(hostname, { all: true }, (error, addresses) => {
          if (error !== null) reject(error);
          else resolve(addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })));
        });
      });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}

/** What the operator wrote there counts before what a name server says, as everywhere on the machine. */
async function fromHostsFile(path: string, hostname: string): Promise<ResolvedAddress[]> {
  const wanted = hostname.replace(/\.$/, '').toLowerCase();
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line): ResolvedAddress[] => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    if (!names.includes(wanted) || isIP(address) === 0) return [];
    return [{ address, family: isIP(address) === 6 ? 6 : 4 }];
  });
}

function addressesIn(answer: PromiseSettledResult<string[]>, family: 4 | 6): ResolvedAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}

async function within<Value>(timeoutMs: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(withCode(DNS_TIMEOUT)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
