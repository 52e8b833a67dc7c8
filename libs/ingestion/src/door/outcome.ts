import type { InboundRequestId } from '#core';
import type { Problem } from '#platform';
import type { AnswerStyle, Receipt } from '../answers/answer-style.js';
import type { BodyIssue, Refusal, Verdict } from '../body/refusal.js';
import type { HandshakeAnswer } from '../sources/source-kind.js';
import { refusalProblem, refusalStatus, unstoredProblem, type UnstoredCode } from './problems.js';
import type { DoorAnswer, RequestHead } from './request-head.js';

/** The word for how a visit ended; those of stored requests stand in `inbound_requests.verdict` too. */
export type VisitVerdict = Verdict | UnstoredCode | 'handshake';

/** How a visit ended, before it is put into the words of the source. */
export type Outcome =
  | {
      readonly kind: 'accepted' | 'replayed';
      readonly receipt: Receipt;
      readonly inboundRequestId: InboundRequestId | null;
      /** How long the sender would have waited for the verdict, as `Prefer` said. */
      readonly waitedSeconds: number | null;
    }
  /** Understood and kept; there was no lead in it. */
  | { readonly kind: 'nothing'; readonly verdict: 'no_lead'; readonly inboundRequestId: InboundRequestId }
  | { readonly kind: 'handshake'; readonly answer: HandshakeAnswer }
  | ProblemOutcome;

export interface ProblemOutcome {
  readonly kind: 'problem';
  readonly verdict: VisitVerdict;
  readonly problem: Problem;
  readonly issues?: readonly BodyIssue[];
  readonly inboundRequestId: InboundRequestId | null;
  readonly leadId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fault?: unknown;
  readonly because?: UnavailableBecause;
}

/** Why a request is answered 503 although nothing failed; for the log. */
export type UnavailableBecause = 'KEYS_NOT_LOADED' | 'NO_ROOM_FOR_BODIES' | 'NO_CONFIGURATION';

/** FAULTS D.9 asks for 1 to 5 s. */
const RETRY_AFTER = { 'retry-after': '2' };

export function refused(refusal: Refusal, style: AnswerStyle, requestId: string, inboundRequestId: InboundRequestId): Outcome {
  const { verdict, issues = [] } = refusal;
  if (verdict === 'no_lead') return { kind: 'nothing', verdict, inboundRequestId };
  const problem = refusalProblem(refusal, refusalStatus(verdict, style), requestId);
  return { kind: 'problem', verdict, problem, issues, inboundRequestId, headers: problem.status === 503 ? RETRY_AFTER : {} };
}

export function unavailable(detail: string, requestId: string, because: UnavailableBecause): Outcome {
  return { ...unavailableOutcome(detail, requestId), because };
}

/** Postgres, or the way to it, could not do it in time. */
export function notStored(requestId: string, fault: unknown): Outcome {
  return { ...unavailableOutcome('The request could not be stored just now. Send it again.', requestId), fault };
}

function unavailableOutcome(detail: string, requestId: string): ProblemOutcome {
  const problem = unstoredProblem('unavailable', detail, requestId);
  return { kind: 'problem', verdict: 'unavailable', problem, inboundRequestId: null, headers: RETRY_AFTER };
}

/** The lead is stored, but this sender came for the verdict. */
export function undecided(requestId: string, inboundRequestId: InboundRequestId, leadId: string): Outcome {
  const detail =
    'The lead is stored and will be decided, but there is no verdict yet. Send the same request again to read it; with the same ' +
    'source_id it stays one lead.';
  const problem = unstoredProblem('undecided', detail, requestId);
  return { kind: 'problem', verdict: 'undecided', problem, inboundRequestId, leadId, headers: RETRY_AFTER };
}

export function internalError(requestId: string, fault: unknown): Outcome {
  const problem = unstoredProblem('internal_error', 'Something failed here; the log has more under request_id.', requestId);
  return { kind: 'problem', verdict: 'internal_error', problem, inboundRequestId: null, fault };
}

/** @param allow the methods of this route, as the header `Allow` lists them */
export function methodNotAllowed(requestId: string, allow: string): Outcome {
  const problem = unstoredProblem('method_not_allowed', 'This route takes leads by POST.', requestId);
  return { kind: 'problem', verdict: 'method_not_allowed', problem, inboundRequestId: null, headers: { allow } };
}

/** Fields of draft-ietf-httpapi-ratelimit-headers. */
export function rateLimited(requestId: string, limit: number, windowSeconds: number, resetSeconds: number): Outcome {
  const detail =
    `This address may send ${limit} requests in ${windowSeconds} s here. The source's rate_limit_per_minute sets the limit; where it says ` +
    'nothing and has no authentication, LEADGATE_RATE_LIMIT_PER_MINUTE does.';
  return {
    kind: 'problem',
    verdict: 'rate_limited',
    problem: unstoredProblem('rate_limited', detail, requestId),
    inboundRequestId: null,
    headers: {
      'retry-after': `${resetSeconds}`,
      ratelimit: `"address";r=0;t=${resetSeconds}`,
      'ratelimit-policy': `"address";q=${limit};w=${windowSeconds}`,
    },
  };
}

/** The outcome in the words of the source's clients. A replay repeats the first request's correlation id, in the header too. */
export function answerTo(outcome: Outcome, style: AnswerStyle, { requestId }: RequestHead, correlationId: string): DoorAnswer {
  switch (outcome.kind) {
    case 'problem': {
      const { status, contentType, body } = style.failed(outcome.problem, correlationId, outcome.issues ?? []);
      return { status, body, headers: { ...commonHeaders(contentType, requestId, correlationId), ...outcome.headers } };
    }
    case 'handshake': {
      const { status, contentType, body } = outcome.answer;
      return { status, body, headers: commonHeaders(contentType, requestId, correlationId) };
    }
    case 'nothing': {
      const { status, contentType, body } = style.nothing(correlationId);
      return { status, body, headers: commonHeaders(contentType, requestId, correlationId) };
    }
    case 'accepted':
    case 'replayed': {
      const { receipt, waitedSeconds } = outcome;
      const styled = outcome.kind === 'accepted' ? style.accepted(receipt) : style.replayed(receipt);
      const headers = { ...commonHeaders(styled.contentType, requestId, receipt.correlationId), ...styled.headers };
      if (outcome.kind === 'replayed') headers['idempotent-replayed'] = 'true';
      if (waitedSeconds !== null) headers['preference-applied'] = `wait=${waitedSeconds}`;
      return { status: styled.status, headers, body: styled.body };
    }
  }
}

function commonHeaders(contentType: string, requestId: string, correlationId: string): Record<string, string> {
  return { 'content-type': contentType, 'x-request-id': requestId, 'x-correlation-id': correlationId };
}
