import { parseRetryAfter, type DestinationConfig, type Signal } from '#core';
import { answerExcerpt, type CallOutcome, isHeaderText, type OutboundHttp } from '#platform';
import type { Destination, DestinationAnswer, DestinationCall, DestinationKind } from '../../destination.port.js';
import { isHtmlPage, recordIdOf } from './http-answer.js';
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
  private readonly authorization: { readonly authorization?: string };
  private readonly timeoutMs: number;

  constructor(
    private readonly http: OutboundHttp,
    private readonly config: DestinationConfig,
  ) {
    const url = new URL(config.url);
    this.origin = url.origin;
    this.path = url.pathname + url.search;
    this.authorization = authorizationOf(config);
    this.timeoutMs = (config.timeout_seconds ?? TIMEOUT_SECONDS) * 1000;
  }

  async send({ payload, contentType, idempotencyKey, attemptNo, traceparent, signal }: DestinationCall): Promise<DestinationAnswer> {
    const outcome = await this.http.post({
      origin: this.origin,
      path: this.path,
      headers: {
        'content-type': contentType,
        ...this.authorization,
        'idempotency-key': idempotencyKey,
        'x-attempt': `${attemptNo}`,
        ...(traceparent !== null && isHeaderText(traceparent) ? { traceparent } : {}),
      },
      body: payload,
      timeoutMs: this.timeoutMs,
      // Where a call may not be repeated, a kept connection that dies under it would leave one more lead to a person.
      keepConnection: this.config.effect !== 'blind',
      signal,
    });
    return outcome.kind === 'answered' ? this.read(outcome) : failure(outcome);
  }

  private read(answer: Extract<CallOutcome, { kind: 'answered' }>): DestinationAnswer {
    const { statusCode, headers, body } = answer;
    const ok = statusCode >= 200 && statusCode < 300;
    const signal: Signal = {
      kind: 'answered',
      statusCode,
      successRule: ok && !isHtmlPage(body),
      retryAfterSeconds: parseRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, Date.now()),
    };
    const { record_id_path: recordIdPath } = this.config;
    return {
      signal,
      errorCode: null,
      excerpt: answerExcerpt(body, headers),
      recordId: ok && recordIdPath !== undefined ? recordIdOf(body, recordIdPath) : null,
    };
  }
}

function authorizationOf({ authentication: { kind, token } }: DestinationConfig): { authorization?: string } {
  if (kind === 'none' || token === undefined) return {};
  return { authorization: token.startsWith('Bearer ') ? token : `Bearer ${token}` };
}

function failure({ kind, code, cause }: Extract<CallOutcome, { kind: 'not_sent' | 'unknown' }>): DestinationAnswer {
  return { signal: { kind, cause }, errorCode: code, excerpt: null, recordId: null };
}
