import type { ActiveConfig } from '#core';
import { isDatabaseUnavailable, WaitedTooLong } from '#platform';
import type { AcceptLead } from '../accept/accept-lead.js';
import { leadItemsOf } from '../accept/lead-items.js';
import type { InboundRequest } from '../accept/submission.js';
import type { AnswerStyle } from '../answers/answer-style.js';
import { ANSWERS } from '../answers/answer-styles.js';
import { isRefusal, refuse, type Refusal } from '../body/refusal.js';
import { readRequest, requestWithLeads } from '../sources/read-request.js';
import { answerWithoutBody, limitSource, type DoorLimits } from './before-the-body.js';
import { correlationIdOf } from './correlation-id.js';
import { keyHeaderOf, readIdempotencyKey } from './idempotency-key.js';
import { inboundRequestOf } from './inbound-request.js';
import { answerTo, internalError, notStored, refused, unavailable, type Outcome } from './outcome.js';
import { refusalStatus } from './problems.js';
import { headerOf, type DoorAnswer, type ReceivedBody, type RequestHead, type StoredBody } from './request-head.js';
import { resolveSource, type ResolvedSource, type ResolvingParts } from './resolve-source.js';
import { leadRouteOf, type LeadRoute } from './route-sources.js';
import { takeLeads, type TakingParts, type Visit } from './take-leads.js';
import { visitOf, type RecordVisit } from './visit-record.js';
import { DeadlinePassed, withinDeadline } from './within-deadline.js';

export interface DoorParts extends DoorLimits, ResolvingParts, TakingParts {
  readonly config: Pick<ActiveConfig, 'sourcesAt' | 'tenants'>;
  readonly accept: Pick<AcceptLead, 'accept' | 'keep'>;
  readonly record: RecordVisit;
}

/** From the last byte of the body to the answer, at most; later the sender is told to try again. AcceptLead begins nothing it could not end by then. */
const ANSWER_WITHIN_MS = 5000;

/** On this path leads are also listed; the reading side answers that. */
const READ_TOO = '/v1/leads';

/**
 * The way of a lead request, as a plain function: no framework, no socket. In this order:
 * route and method → rate limit → body → source → authentication → size → key → leads → store → verdict, where the sender waits for it.
 *
 * What arrives on a lead route is stored before it is answered, also when it is refused (`inbound_requests.verdict` says why). Not
 * stored: other methods, 429, 503, and bodies cut off by the sender.
 */
export class Door {
  constructor(private readonly parts: DoorParts) {}

  /** Does this request belong to the door? While no configuration is known, every POST may be a lead and is answered 503. */
  serves(method: string, path: string): boolean {
    const { config } = this.parts;
    if (config.sourcesAt(path).length === 0) return method === 'POST' && config.tenants().length === 0;
    return path !== READ_TOO || (method !== 'GET' && method !== 'HEAD');
  }

  /**
   * @param readBody called at most once; not at all when the answer does not depend on the body
   * @returns null when the sender went away: there is nobody to answer
   */
  async answer(head: RequestHead, readBody: () => Promise<ReceivedBody>): Promise<DoorAnswer | null> {
    const route = leadRouteOf(this.parts.config.sourcesAt(head.path));
    const correlationId = correlationIdOf(head.headers);
    let style = styleOf(route, head.path);
    let bytes = 0;
    let began = performance.now();
    let outcome = route === null ? null : answerWithoutBody(route, head, this.parts.kinds, this.parts);
    if (outcome === null && route !== null) {
      const body = await readBody();
      if (body.kind === 'aborted') return null;
      began = performance.now();
      if (body.kind === 'no_room')
        outcome = unavailable(
          'The gateway is reading as much as it can hold. Send the request again.',
          head.requestId,
          'NO_ROOM_FOR_BODIES',
        );
      else {
        bytes = body.kind === 'whole' ? body.bytes.length : body.size;
        try {
          const resolved = await resolveSource(route, head, body, this.parts);
          if (resolved.configured !== null) style = ANSWERS[resolved.configured.source.answers];
          const visit = { head, style, began, deadline: began + ANSWER_WITHIN_MS };
          outcome = await this.receive(visit, { route, resolved, body, correlationId });
        } catch (fault) {
          outcome = failed(fault, head.requestId);
        }
      }
    }
    outcome ??= unavailable('No configuration is loaded yet. Send the request again.', head.requestId, 'NO_CONFIGURATION');

    const answer = answerTo(outcome, style, head, correlationId);
    const { requestId } = head;
    const seconds = (performance.now() - began) / 1000;
    this.parts.record(
      visitOf(outcome, { route: route?.path ?? 'unknown', status: answer.status, requestId, correlationId, bytes, seconds }),
    );
    return answer;
  }

  private async receive(visit: Visit, { route, resolved, body, correlationId }: Arrival): Promise<Outcome> {
    const { head } = visit;
    const { configured } = resolved;
    const { source } = configured ?? route.sources[0];
    if (configured !== null && route.sharedBy !== null) {
      const limited = limitSource(configured, head, this.parts);
      if (limited !== null) return limited;
    }

    const keyHeader = keyHeaderOf(source.idempotency);
    const sentKey = readIdempotencyKey(headerOf(head.headers, keyHeader));
    const keySha256 = sentKey === 'unusable' ? null : sentKey;
    const inbound = inboundRequestOf(route, configured, head, { correlationId, keySha256 }, body);
    if (resolved.refusal !== null) return this.keep(visit, inbound, resolved.refusal);
    if (sentKey === 'unusable' && source.idempotency.invalid_key === 'refuse') return this.keep(visit, inbound, unusableKey(keyHeader));

    // The stored bytes, from which secrets are gone: what a release would read.
    const stored = { bytes: inbound.body, contentType: inbound.contentType, contentEncoding: headerOf(head.headers, 'content-encoding') };
    const request =
      resolved.read === undefined ? await readRequest(this.parts.kinds, source, stored) : requestWithLeads(source, resolved.read);
    if (isRefusal(request)) return this.keep(visit, inbound, request);
    const items = leadItemsOf(source, keySha256, request);
    return isRefusal(items) ? this.keep(visit, inbound, items) : takeLeads(this.parts, visit, inbound, items);
  }

  private async keep({ style, deadline }: Visit, inbound: InboundRequest, refusal: Refusal): Promise<Outcome> {
    const { verdict, detail } = refusal;
    const kept = this.parts.accept.keep({ kind: 'refused', inbound, status: refusalStatus(verdict, style), verdict, detail });
    await withinDeadline(kept, deadline - performance.now());
    return refused(refusal, style, inbound.requestId, inbound.id);
  }
}

interface Arrival {
  readonly route: LeadRoute;
  readonly resolved: ResolvedSource;
  readonly body: StoredBody;
  readonly correlationId: string;
}

function unusableKey(header: string): Refusal {
  return refuse('invalid_idempotency_key', `The header ${header} must be 1 to 255 visible ASCII characters, bare or in double quotes.`);
}

/** Before the source is known, in the words of the route's first; without any configuration, in words that no old client misreads. */
function styleOf(route: LeadRoute | null, path: string): AnswerStyle {
  if (route !== null) return ANSWERS[route.sources[0].source.answers];
  return path.startsWith('/v1/') ? ANSWERS.v1 : ANSWERS.raw_crm;
}

function failed(fault: unknown, requestId: string): Outcome {
  if (fault instanceof DeadlinePassed || fault instanceof WaitedTooLong || isDatabaseUnavailable(fault)) {
    return notStored(requestId, fault);
  }
  return internalError(requestId, fault);
}
