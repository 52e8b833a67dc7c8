import { Agent } from 'undici';
import { explainFailure, HEADER_REFUSED } from './call-failure.js';
import { CallInFlight, type CallOutcome } from './call-in-flight.js';
import { guardedConnector } from './guarded-connector.js';
import { type HostLookup, systemHostLookup } from './host-lookup.js';
import { OutboundRules } from './outbound-rules.js';
import { isReservedHeader } from './reserved-headers.js';

export interface OutboundHttpOptions {
  /** Sent with every call, e.g. `leadgate/1.2.3`. */
  readonly userAgent: string;
  /** Which addresses it may call; only public ones unless told. */
  readonly rules?: OutboundRules;
  /** How names become addresses; the system's way within 3 s unless told. */
  readonly lookup?: HostLookup;
  /** Time for the connection and TLS, after the look-up. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Connections to one origin. Calls beyond it wait for one, within their own time limit. Default 256. */
  readonly connectionsPerOrigin?: number;
}

export interface OutboundCall {
  /** e.g. `https://crm.example.com` */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From now to the last byte of the answer: waiting for a connection, connecting, sending, headers and body together. */
  readonly timeoutMs: number;
  /**
   * false closes the connection after the call. A kept connection that the other side closes while we write leaves the outcome unknown;
   * where an unknown outcome is costly, a connection per call is cheaper.
   */
  readonly keepConnection: boolean;
  /** What is read of the answer; 64 KiB unless told. */
  readonly maxAnswerBytes?: number;
  /** Breaks the call off. */
  readonly signal?: AbortSignal;
}

const CONNECT_TIMEOUT_MS = 5000;
const CONNECTIONS_PER_ORIGIN = 256;
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * HTTP calls to other people's servers, one pool of connections per process.
 *
 * It calls public addresses and those of the allow-list, judged once per connection; a refusal is `not_sent` with ADDRESS_NOT_ALLOWED.
 * It follows no redirect, asks for no compression and decodes none, reads a limited part of an answer, verifies TLS and has one deadline for everything:
 * undici's own header and body timers are off, because a server that sends a byte now and then never trips them.
 */
export class OutboundHttp {
  /** For judging an address when it is saved. */
  readonly rules: OutboundRules;
  private readonly agent: Agent;
  private readonly userAgent: string;

  constructor({
    userAgent,
    rules = OutboundRules.strict,
    lookup = systemHostLookup(),
    connectTimeoutMs = CONNECT_TIMEOUT_MS,
    connectionsPerOrigin = CONNECTIONS_PER_ORIGIN,
  }: OutboundHttpOptions) {
    this.userAgent = userAgent;
    this.rules = rules;
    this.agent = new Agent({
      connect: guardedConnector({ rules, lookup, timeoutMs: connectTimeoutMs }),
      connections: connectionsPerOrigin,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** Never rejects: what went wrong is the outcome. */
  post(call: OutboundCall): Promise<CallOutcome> {
    return this.call('POST', call);
  }

  /** Never rejects: what went wrong is the outcome. */
  patch(call: OutboundCall): Promise<CallOutcome> {
    return this.call('PATCH', call);
  }

  /** Never rejects: what went wrong is the outcome. */
  get(call: Omit<OutboundCall, 'body'>): Promise<CallOutcome> {
    return this.call('GET', { ...call, body: null });
  }

  /** Closes every connection; calls still in flight end as unknown. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private call(
    method: 'GET' | 'POST' | 'PATCH',
    {
      origin,
      path,
      headers,
      body,
      timeoutMs,
      keepConnection,
      maxAnswerBytes = MAX_ANSWER_BYTES,
      signal,
    }: Omit<OutboundCall, 'body'> & { readonly body: string | null },
  ): Promise<CallOutcome> {
    if (Object.keys(headers).some(isReservedHeader))
      return Promise.resolve({ kind: 'not_sent', code: HEADER_REFUSED, cause: explainFailure(HEADER_REFUSED, timeoutMs) });
    return new Promise((resolve) => {
      const call = new CallInFlight({ timeoutMs, maxAnswerBytes, signal }, resolve);
      if (call.settled) return;
      this.agent.dispatch(
        {
          origin,
          path,
          method,
          headers: { 'accept-encoding': 'identity', ...headers, 'user-agent': this.userAgent },
          body,
          reset: !keepConnection,
        },
        call,
      );
    });
  }
}
