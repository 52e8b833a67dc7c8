import { createSocket, type Socket } from 'node:dgram';
import { codeOf, type CollectorAddress, type Endpoint } from './collector-address.js';

/** Where datagrams leave the process. Neither throws nor waits. */
export interface Outlet {
  /** False while there is no address or socket, or while what was handed over has not left. Asking also opens what can be opened. */
  isReady(): boolean;
  /** What is wrong, for the operator; undefined while nothing is. */
  readonly problem: string | undefined;
  /** @param done told once whether the datagram left this machine; that it arrived nobody can say */
  send(text: string, done: (sent: boolean) => void): void;
  /** Resolves when everything handed over has left or failed. */
  idle(): Promise<void>;
  close(): void;
}

/** Handed to the kernel and not yet gone; a kernel that takes none for a while must not make the process grow. */
const MAX_PENDING = 8;
const REOPEN_AFTER_MS = 1000;

/**
 * A connected UDP socket, so that an address at which nobody listens is heard of. It is opened when somebody wants to send, again after it
 * broke (no file descriptor left, no network) but at most once a second, and anew when the collector's address has changed.
 */
export class UdpOutlet implements Outlet {
  private socket: Socket | undefined;
  private endpoint: Endpoint | undefined;
  private connected = false;
  private pending = 0;
  private failure: string | undefined;
  private triedAt = -Infinity;
  private closed = false;
  private readonly whenIdle: (() => void)[] = [];

  constructor(private readonly collector: CollectorAddress) {}

  isReady(): boolean {
    this.keepOpen();
    return this.connected && this.pending < MAX_PENDING;
  }

  get problem(): string | undefined {
    if (this.pending >= MAX_PENDING) return 'what was sent does not leave this machine';
    return this.collector.problem ?? this.failure;
  }

  send(text: string, done: (sent: boolean) => void): void {
    const { socket } = this;
    if (socket === undefined || !this.connected) return done(false);
    this.pending += 1;
    const settle = (sent: boolean): void => {
      this.pending -= 1;
      done(sent);
      if (this.pending === 0) for (const resolve of this.whenIdle.splice(0)) resolve();
    };
    try {
      socket.send(text, (error) => {
        this.failure = error === null ? undefined : sentence(error);
        settle(error === null);
      });
    } catch (error) {
      this.failure = sentence(error);
      settle(false);
    }
  }

  idle(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise((resolve) => this.whenIdle.push(resolve));
  }

  close(): void {
    this.closed = true;
    this.drop();
  }

  private keepOpen(): void {
    const wanted = this.collector.current;
    if (this.closed || wanted === undefined) return;
    if (this.socket !== undefined && wanted !== this.endpoint) this.drop();
    if (this.socket !== undefined || performance.now() - this.triedAt < REOPEN_AFTER_MS) return;
    this.triedAt = performance.now();
    try {
      this.open(wanted);
    } catch (error) {
      this.failed(error);
    }
  }

  private open(endpoint: Endpoint): void {
    const socket = createSocket(endpoint.family === 6 ? 'udp6' : 'udp4');
    this.socket = socket;
    this.endpoint = endpoint;
    socket.on('error', (error) => {
      if (this.socket !== socket) return;
      // Nobody listens there at the moment: the socket is as good as before, and the collector may come back.
      if (this.connected && codeOf(error) === 'ECONNREFUSED') this.failure = sentence(error);
      else this.failed(error);
    });
    socket.on('connect', () => {
      if (this.socket !== socket) return;
      this.connected = true;
      this.failure = undefined;
    });
    socket.unref();
    // An address, not a name: nothing is looked up.
    socket.connect(endpoint.port, endpoint.address);
  }

  private failed(error: unknown): void {
    this.failure = sentence(error);
    this.drop();
  }

  private drop(): void {
    const { socket } = this;
    this.socket = undefined;
    this.connected = false;
    // What is still on its way then ends with an error, which is told to whoever sent it.
    socket?.on('error', () => undefined);
    socket?.close();
  }
}

function sentence(error: unknown): string {
  const code = codeOf(error);
  return code === 'ECONNREFUSED'
    ? 'nobody listens at the address of LEADGATE_STATSD (ECONNREFUSED)'
    : `datagrams cannot be sent to LEADGATE_STATSD (${code})`;
}
