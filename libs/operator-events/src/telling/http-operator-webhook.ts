import { parseRetryAfter } from '#core';
import { type OutboundHttp, webhookHeaders, webhookKeyOf } from '#platform';
import { OperatorWebhook, type TellingOutcome, type ToldEvent } from './operator-webhook.port.js';

/** Well under the lease of a claimed event. */
const TIME_LIMIT_MS = 10_000;

const MENDS: Readonly<Record<number, string>> = {
  401: 'it refuses our signature: compare LEADGATE_OPERATOR_WEBHOOK_SECRET',
  403: 'it refuses our signature: compare LEADGATE_OPERATOR_WEBHOOK_SECRET',
  404: 'there is nothing at this address: correct LEADGATE_OPERATOR_WEBHOOK_URL',
};
const REDIRECT = 'it redirects, and redirects are not followed: set LEADGATE_OPERATOR_WEBHOOK_URL to where it leads';

/**
 * POSTs an event as `{type, timestamp, data: {id, tenant_id, subject, …detail}}`, signed as Standard Webhooks. webhook-id is the id of the event, the
 * same in every repetition, so that the receiver recognises one.
 */
export class HttpOperatorWebhook extends OperatorWebhook {
  private readonly origin: string;
  private readonly path: string;
  private readonly keys: readonly Buffer[];

  constructor(
    private readonly http: OutboundHttp,
    url: string,
    secrets: readonly string[],
  ) {
    super();
    const parsed = new URL(url);
    this.origin = parsed.origin;
    this.path = parsed.pathname + parsed.search;
    this.keys = secrets.map(webhookKeyOf);
  }

  async tell({ id, tenantId, type, subject, detail, at }: ToldEvent): Promise<TellingOutcome> {
    const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { ...detail, id, tenant_id: tenantId, subject } });
    const outcome = await this.http.post({
      origin: this.origin,
      path: this.path,
      headers: { 'content-type': 'application/json', ...webhookHeaders(this.keys, { id, body, at: Date.now() }) },
      body,
      timeoutMs: TIME_LIMIT_MS,
      keepConnection: false,
      maxAnswerBytes: 1024,
    });
    if (outcome.kind !== 'answered') return { kind: 'failed', says: outcome.cause, retryAfterSeconds: null };
    const { statusCode, headers } = outcome;
    if (statusCode >= 200 && statusCode < 300) return { kind: 'told' };
    if (statusCode === 410) return { kind: 'gone', says: 'answered 410' };
    const mend = statusCode >= 300 && statusCode < 400 ? REDIRECT : MENDS[statusCode];
    return {
      kind: 'failed',
      says: `answered ${statusCode}${mend === undefined ? '' : `; ${mend}`}`,
      retryAfterSeconds: parseRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, Date.now()),
    };
  }
}
