import { DESTINATION_AUTHENTICATIONS, type DestinationConfig } from '#core';
import { type CallOutcome, isHeaderText, type OutboundHttp } from '#platform';
import {
  MEMBERS_OF_SOME_KINDS,
  type Destination,
  type DestinationAnswer,
  type DestinationCall,
  type DestinationKind,
} from '../../destination.port.js';
import { callShowing } from '../over-http/call-showing.js';
import { openCredentials } from '../over-http/credentials.js';
import type { Credentials, Proof } from '../over-http/proof.js';
import { readHttpAnswer, readNoAnswer } from '../over-http/read-http-answer.js';
import { HTTP_FIELDS } from './http-fields.js';

/** Connection to last byte; CONTRACTS 1. */
const TIMEOUT_SECONDS = 30;

/** POSTs the payload to an address, with the key of the delivery in `Idempotency-Key`. */
export function httpDestination(http: OutboundHttp): DestinationKind {
  return {
    kind: 'http',
    label: 'HTTP',
    help: 'POSTs every lead to an address.',
    takes: {
      authentication: DESTINATION_AUTHENTICATIONS,
      answers: ['plain', 'standard'],
      effect: ['keyed', 'upsert', 'search_first', 'blind'],
      members: MEMBERS_OF_SOME_KINDS,
    },
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
    const outcome = await callShowing(this.credentials, call, this.timeoutMs, (proof, timeoutMs) => this.post(call, proof, timeoutMs));
    return this.read(outcome, call);
  }

  private post(call: DestinationCall, proof: Proof, timeoutMs: number): Promise<CallOutcome> {
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
      timeoutMs,
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
