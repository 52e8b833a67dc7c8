import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

/** IPv4 first: most collectors listen there only, `localhost` has an IPv6 address too, and UDP cannot try one after the other. */
const firstAddress: Resolve = (host) => lookup(host, { order: 'ipv4first' });

export interface CollectorName {
  readonly host: string;
  readonly port: number;
}

/** The address a name stands for at the moment. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

export type Resolve = (host: string) => Promise<{ readonly address: string; readonly family: number }>;

/** Collectors move rarely; a container that was started anew is found after this long. */
const LOOK_AGAIN_MS = 60_000;
const AFTER_FAILURE_MS = 5000;

/**
 * Where the collector is, kept current beside the sending path: whoever sends reads the last known address and never waits for a name
 * server. There is one look-up at a time for the whole process, because each one that hangs keeps a thread that other look-ups need.
 */
export class CollectorAddress {
  private found: Endpoint | undefined;
  private failure: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly name: CollectorName,
    private readonly resolve: Resolve = firstAddress,
  ) {}

  /** The last address that was found, also while the name cannot be resolved. */
  get current(): Endpoint | undefined {
    return this.found;
  }

  /** Why the name has no address; undefined while it has one. */
  get problem(): string | undefined {
    return this.found === undefined ? (this.failure ?? 'the name in LEADGATE_STATSD has not been resolved yet') : undefined;
  }

  start(): void {
    const family = isIP(this.name.host);
    if (family === 4 || family === 6) this.found = { address: this.name.host, port: this.name.port, family };
    else void this.look();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    let next = LOOK_AGAIN_MS;
    try {
      const { address, family } = await this.resolve(this.name.host);
      if (address !== this.found?.address) this.found = { address, port: this.name.port, family: family === 6 ? 6 : 4 };
      this.failure = undefined;
    } catch (error) {
      this.failure = `the name in LEADGATE_STATSD cannot be resolved (${codeOf(error)})`;
      next = AFTER_FAILURE_MS;
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.look(), next).unref();
  }
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown error';
}
