import type { DestinationConfig } from '#core';
import { type CallOutcome, isHeaderText, type OutboundHttp } from '#platform';
import type { Destination, DestinationAnswer, DestinationCall, DestinationKind } from '../../destination.port.js';
import { openCredentials } from '../over-http/credentials.js';
import type { Credentials, Proof } from '../over-http/proof.js';
import { readHttpAnswer, readNoAnswer, readNoProof } from '../over-http/read-http-answer.js';
import { HTTP_FIELDS } from './http-fields.js';

/** Connection to last byte; CONTRACTS 1. */
const TIMEOUT_SECONDS = 30;

/** POSTs the payload to an address, with the key of the delivery in `Idempotency-Key`. */
export function httpDestination(http: OutboundHttp): DestinationKind {
  return {
    kind: 'http',
    label: 'HTTP',
    help: 'POSTs every lead to an address.',
    fields: HTTP_FIELDS,
    open: (config) => new HttpDestination(http, config),
  };
}

class HttpDestination implements Destination {
  private readonly origin: string;
  private readonly path: string;
  private readonly credentials: Credentials;
  private readonly timeoutMs: number;

  constructor(
    private readonly http: OutboundHttp,
    private readonly config: DestinationConfig,
  ) {
    const url = new URL(config.url);
    this.origin = url.origin;
    this.path = url.pathname + url.search;
    this.timeoutMs = (config.timeout_seconds ?? TIMEOUT_SECONDS) * 1000;
    this.credentials = openCredentials(config.authentication, http, this.timeoutMs);
  }

  async send(call: DestinationCall): Promise<DestinationAnswer> {
    const began = performance.now();
    const proof = await this.credentials.prove(call);
    if ('cause' in proof) return readNoProof(proof);
    const outcome = await this.post(call, proof, began);
    if (outcome.kind !== 'answered' || outcome.statusCode !== 401 || proof.renew === undefined || !this.hasTimeToRepeat(began))
      return this.read(outcome, call);
    const renewed = await proof.renew();
    // The first call was refused, so nothing had an effect.
    return 'cause' in renewed ? readNoProof(renewed) : this.read(await this.post(call, renewed, began), call);
  }

  /** Another token takes a third of the time limit at most; what is left is the repeated call's. */
  private hasTimeToRepeat(began: number): boolean {
    return performance.now() - began < this.timeoutMs / 2;
  }

  private post(call: DestinationCall, proof: Proof, began: number): Promise<CallOutcome> {
    const { payload, contentType, idempotencyKey, attemptNo, traceparent, signal } = call;
    return this.http.post({
      origin: this.origin,
      path: this.path,
      headers: {
        'content-type': contentType,
        ...proof.headers,
        'idempotency-key': idempotencyKey,
        'x-attempt': `${attemptNo}`,
        ...(traceparent !== null && isHeaderText(traceparent) ? { traceparent } : {}),
      },
      body: payload,
      timeoutMs: proof.renew === undefined ? this.timeoutMs : Math.ceil(this.timeoutMs - (performance.now() - began)),
      // Where a call may not be repeated, a kept connection that dies under it would leave one more lead to a person.
      keepConnection: this.config.effect !== 'blind',
      signal,
    });
  }

  private read(outcome: CallOutcome, { leadId, idempotencyKey }: DestinationCall): DestinationAnswer {
    if (outcome.kind !== 'answered') return readNoAnswer(outcome);
    return readHttpAnswer(this.config, outcome, { ours: [leadId, idempotencyKey], credentials: this.credentials });
  }
}
