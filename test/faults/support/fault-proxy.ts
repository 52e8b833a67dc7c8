import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../support/reset-socket.js';
import { Pipe, type Ends, type Look } from './pipe.js';
import { Toxics, type Toxic, type Where } from './toxics.js';

export interface FaultProxyOptions {
  readonly look?: Look;
}

interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Stands on a free port of this machine between a client and a server (the CRM, Postgres, Redis) and does to their bytes what networks do.
 * Everything may be switched while connections are open; what waits notices at once.
 */
export class FaultProxy {
  /** Connections accepted so far. */
  connections = 0;
  readonly port: number;
  private readonly toxics = new Toxics();
  private readonly open = new Set<Ends>();
  private refuses = false;

  private constructor(
    private readonly server: Server,
    private target: Target,
    private readonly options: FaultProxyOptions,
  ) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.serve(client));
  }

  /** @param url of the server, in any protocol that says its port */
  static async start(url: string, options: FaultProxyOptions = {}): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, targetOf(url), options);
  }

  /** Connections that come from now on end at another server, as after a failover; whoever connects knows the same address. */
  leadTo(url: string): void {
    this.target = targetOf(url);
  }

  /** The same address with this proxy in front. */
  before(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: `${this.port}` }).href;
  }

  /** @returns what takes the toxic away again */
  add(toxic: Toxic, where?: Where): () => void {
    return this.toxics.add(toxic, where);
  }

  /** Takes every toxic away and lets connections in. */
  heal(): void {
    this.refuses = false;
    this.toxics.clear();
  }

  get down(): boolean {
    return this.refuses;
  }

  /** true: every open connection is reset, and so is each new one. */
  set down(down: boolean) {
    this.refuses = down;
    if (down) this.cut();
  }

  /** Resets the connections that are open now. */
  cut(connections: (connectionNo: number) => boolean = () => true): void {
    for (const ends of [...this.open].filter(({ no }) => connections(no))) ends.reset();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(client: Socket): void {
    this.connections += 1;
    if (this.refuses) {
      client.on('error', () => {
        // Whoever was refused may have been writing.
      });
      resetSocket(client);
      return;
    }
    const server = connect({ ...this.target, allowHalfOpen: true, noDelay: true });
    const ends = new BothEnds(this.connections, client, server, () => this.toxics.wake());
    this.open.add(ends);
    for (const socket of [client, server]) {
      socket.on('error', () => ends.reset());
      // One that closed in good order may leave bytes behind that are still on their way to the other.
      socket.on('close', () => {
        if (client.closed && server.closed) this.open.delete(ends);
      });
    }
    const look = this.options.look ?? (() => 'pass');
    new Pipe(client, server, ends, 'upstream', this.toxics, look).start();
    new Pipe(server, client, ends, 'downstream', this.toxics, look).start();
  }
}

function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}

class BothEnds implements Ends {
  gone = false;

  constructor(
    readonly no: number,
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly changed: () => void,
  ) {}

  reset(): void {
    resetSocket(this.client);
    resetSocket(this.server);
    this.leave();
  }

  close(): void {
    this.client.destroySoon();
    this.server.destroySoon();
    this.leave();
  }

  private leave(): void {
    this.gone = true;
    this.changed();
  }
}
