import { type ActiveConfig, type ConfiguredSource, isUnauthenticated, type LeadId } from '#core';
import { isDatabaseUnavailable, newId, WaitedTooLong } from '#platform';
import type { AcceptLead } from '../accept/accept-lead.js';
import { keyClaimOf, type InboundRequest } from '../accept/submission.js';
import { ANSWERS } from '../answers/answer-styles.js';
import type { ReadBody } from '../body/read-json.js';
import { isRefusal, refuse, VERDICTS, type Refusal } from '../body/refusal.js';
import { readLead } from '../sources/read-lead.js';
import type { SourceKinds } from '../sources/source-kinds.js';
import { judgeAccess } from './access.js';
import { correlationIdOf } from './correlation-id.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { inboundRequestOf } from './inbound-request.js';
import { answerTo, internalError, methodNotAllowed, rateLimited, refused, unavailable, type Outcome } from './outcome.js';
import type { RateLimiter } from './rate-limiter.js';
import { headerOf, type DoorAnswer, type ReceivedBody, type RequestHead } from './request-head.js';
import type { RecordVisit } from './visit-record.js';
import { DeadlinePassed, withinDeadline } from './within-deadline.js';

export interface DoorParts {
  readonly config: Pick<ActiveConfig, 'sourcesAt' | 'tenants'>;
  readonly kinds: SourceKinds;
  readonly accept: Pick<AcceptLead, 'accept' | 'keep'>;
  readonly limiter: RateLimiter;
  readonly record: RecordVisit;
}

/** From the last byte of the body to the answer, at most; later the sender is told to try again. AcceptLead begins nothing it could not end by then. */
const STORE_DEADLINE_MS = 5000;

/** The words of refusals before any configuration is known, when nobody can say which words the sender expects. */
const FALLBACK_STYLE = ANSWERS.raw_crm;

/**
 * The way of a lead request, as a plain function: no framework, no socket. In this order:
 * route and method → authentication → rate limit → size → key → body → store → answer.
 *
 * What arrives on a lead route is stored before it is answered, also when it is refused (`inbound_requests.verdict` says why). Not
 * stored: other methods, 429, 503, and bodies cut off by the sender.
 */
export class Door {
  constructor(private readonly parts: DoorParts) {}

  /** Does this request belong to the door? While no configuration is known, every POST may be a lead and is answered 503. */
  serves(method: string, path: string): boolean {
    const { config } = this.parts;
    return config.sourcesAt(path).length > 0 || (method === 'POST' && config.tenants().length === 0);
  }

  /**
   * @param readBody called at most once; not at all when the answer does not depend on the body
   * @returns null when the sender went away: there is nobody to answer
   */
  async answer(head: RequestHead, readBody: () => Promise<ReceivedBody>): Promise<DoorAnswer | null> {
    const configured = this.parts.config.sourcesAt(head.path)[0];
    const correlationId = correlationIdOf(head.headers);
    const style = configured === undefined ? FALLBACK_STYLE : ANSWERS[configured.source.answers];

    let bytes = 0;
    let began = performance.now();
    let outcome = this.withoutBody(configured, head);
    if (outcome === null && configured !== undefined) {
      const body = await readBody();
      if (body.kind === 'aborted') return null;
      began = performance.now();
      if (body.kind === 'no_room')
        outcome = unavailable('The gateway is reading as much as it can hold. Send the request again.', head.requestId);
      else {
        bytes = body.kind === 'whole' ? body.bytes.length : body.size;
        outcome = await this.receive(configured, head, correlationId, body).catch((fault: unknown) => failed(fault, head.requestId));
      }
    }
    outcome ??= unavailable('No configuration is loaded yet. Send the request again.', head.requestId);

    const answer = answerTo(outcome, style, head, correlationId);
    this.parts.record({
      route: configured?.source.path ?? 'unknown',
      status: answer.status,
      verdict: outcome.kind === 'problem' ? outcome.verdict : outcome.kind,
      requestId: head.requestId,
      correlationId: outcome.kind === 'problem' ? correlationId : outcome.receipt.correlationId,
      leadId: outcome.kind === 'problem' ? null : outcome.receipt.leadId,
      inboundRequestId: outcome.inboundRequestId,
      bytes,
      seconds: (performance.now() - began) / 1000,
      ...(outcome.kind === 'problem' && outcome.fault !== undefined ? { fault: outcome.fault } : {}),
    });
    return answer;
  }

  /** What can be said before a single byte of the body is read. */
  private withoutBody(configured: ConfiguredSource | undefined, head: RequestHead): Outcome | null {
    if (configured === undefined) return null;
    if (head.method !== 'POST') return methodNotAllowed(head.requestId);
    if (!isUnauthenticated(configured.source)) return null;
    const rate = this.parts.limiter.take(`${configured.sourceId} ${head.remoteAddress}`);
    return rate.allowed ? null : rateLimited(head.requestId, rate.limit, rate.windowSeconds, rate.resetSeconds);
  }

  private async receive(
    configured: ConfiguredSource,
    head: RequestHead,
    correlationId: string,
    body: Extract<ReceivedBody, { kind: 'whole' | 'too_large' }>,
  ): Promise<Outcome> {
    const sentKey = readIdempotencyKey(headerOf(head.headers, 'idempotency-key'));
    const keySha256 = sentKey === 'unusable' ? null : sentKey;
    const inbound = inboundRequestOf(configured, head, correlationId, keySha256, body);

    const refusal =
      judgeAccess(configured.source, head) ??
      (body.kind === 'too_large'
        ? refuse('body_too_large', 'The body is larger than this gateway takes (LEADGATE_MAX_BODY_BYTES).')
        : null) ??
      (sentKey === 'unusable' && configured.source.idempotency.invalid_key === 'refuse' ? unusableKey() : null);
    if (refusal !== null) return this.keep(inbound, refusal);

    const contentEncoding = headerOf(head.headers, 'content-encoding');
    const read = await readLead(this.parts.kinds, configured.source, {
      bytes: inbound.body,
      contentType: inbound.contentType,
      contentEncoding,
    });
    return isRefusal(read) ? this.keep(inbound, read) : this.accept(configured, inbound, read);
  }

  private async keep(inbound: InboundRequest, refusal: Refusal): Promise<Outcome> {
    const { verdict, detail } = refusal;
    const kept = this.parts.accept.keep({ kind: 'refused', inbound, status: VERDICTS[verdict], verdict, detail });
    await withinDeadline(kept, STORE_DEADLINE_MS);
    return refused(refusal, inbound.requestId, inbound.id);
  }

  private async accept({ source }: ConfiguredSource, inbound: InboundRequest, read: ReadBody): Promise<Outcome> {
    const leadId = newId() as LeadId;
    const accepted = this.parts.accept.accept({
      kind: 'lead',
      inbound,
      acceptedStatus: ANSWERS[source.answers].acceptedStatus,
      replayedStatus: ANSWERS[source.answers].replayedStatus,
      leadId,
      nativeId: null,
      read,
      key: keyClaimOf(inbound, source.idempotency, read),
    });
    const acceptance = await withinDeadline(accepted, STORE_DEADLINE_MS);
    switch (acceptance.kind) {
      case 'accepted':
        return { kind: 'accepted', receipt: { leadId, correlationId: inbound.correlationId }, inboundRequestId: inbound.id };
      case 'replayed':
        return { kind: 'replayed', receipt: acceptance.first, inboundRequestId: null };
      case 'key_reused':
        return refused(refuse('idempotency_key_reused', acceptance.detail), inbound.requestId, inbound.id);
    }
  }
}

function unusableKey(): Refusal {
  return refuse('invalid_idempotency_key', 'Idempotency-Key must be 1 to 255 visible ASCII characters, bare or in double quotes.');
}

function failed(fault: unknown, requestId: string): Outcome {
  if (fault instanceof DeadlinePassed || fault instanceof WaitedTooLong || isDatabaseUnavailable(fault)) {
    return unavailable('The request could not be stored just now. Send it again.', requestId, fault);
  }
  return internalError(requestId, fault);
}
