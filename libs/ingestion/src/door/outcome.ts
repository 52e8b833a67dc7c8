import type { InboundRequestId } from '#core';
import type { Problem } from '#platform';
import type { AnswerStyle, LeadReceipt } from '../answers/answer-style.js';
import type { Refusal } from '../body/refusal.js';
import { refusalProblem, unstoredProblem } from './problems.js';
import type { DoorAnswer, RequestHead } from './request-head.js';
import type { VisitRecord } from './visit-record.js';

/** How a visit ended, before it is put into the words of the source. */
export type Outcome =
  | { readonly kind: 'accepted' | 'replayed'; readonly receipt: LeadReceipt; readonly inboundRequestId: InboundRequestId | null }
  | {
      readonly kind: 'problem';
      readonly verdict: VisitRecord['verdict'];
      readonly problem: Problem;
      readonly inboundRequestId: InboundRequestId | null;
      readonly headers?: Readonly<Record<string, string>>;
      readonly fault?: unknown;
    };

/** FAULTS D.9 asks for 1 to 5 s. */
const RETRY_AFTER = { 'retry-after': '2' };

export function refused(refusal: Refusal, requestId: string, inboundRequestId: InboundRequestId): Outcome {
  const problem = refusalProblem(refusal, requestId);
  const headers = problem.status === 503 ? RETRY_AFTER : {};
  return { kind: 'problem', verdict: refusal.verdict, problem, inboundRequestId, headers };
}

export function unavailable(detail: string, requestId: string, fault?: unknown): Outcome {
  const problem = unstoredProblem('unavailable', detail, requestId);
  return { kind: 'problem', verdict: 'unavailable', problem, inboundRequestId: null, headers: RETRY_AFTER, fault };
}

export function internalError(requestId: string, fault: unknown): Outcome {
  const problem = unstoredProblem('internal_error', 'Something failed here; the log has more under request_id.', requestId);
  return { kind: 'problem', verdict: 'internal_error', problem, inboundRequestId: null, fault };
}

export function methodNotAllowed(requestId: string): Outcome {
  const problem = unstoredProblem('method_not_allowed', 'This route takes leads by POST.', requestId);
  return { kind: 'problem', verdict: 'method_not_allowed', problem, inboundRequestId: null, headers: { allow: 'POST' } };
}

/** Fields of draft-ietf-httpapi-ratelimit-headers. */
export function rateLimited(requestId: string, limit: number, windowSeconds: number, resetSeconds: number): Outcome {
  const detail = `This address may send ${limit} requests in ${windowSeconds} s to this source; LEADGATE_RATE_LIMIT_PER_MINUTE sets the limit.`;
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

/** The outcome in the words of the source's old clients. A replay repeats the first request's correlation id, in the header too. */
export function answerTo(outcome: Outcome, style: AnswerStyle, { requestId }: RequestHead, correlationId: string): DoorAnswer {
  if (outcome.kind === 'problem') {
    const { status, contentType, body } = style.failed(outcome.problem, correlationId);
    return { status, body, headers: { ...commonHeaders(contentType, requestId, correlationId), ...outcome.headers } };
  }
  const { receipt } = outcome;
  const { status, contentType, body } = outcome.kind === 'accepted' ? style.accepted(receipt) : style.replayed(receipt);
  const headers = commonHeaders(contentType, requestId, receipt.correlationId);
  if (outcome.kind === 'replayed') headers['idempotent-replayed'] = 'true';
  return { status, headers, body };
}

function commonHeaders(contentType: string, requestId: string, correlationId: string): Record<string, string> {
  return { 'content-type': contentType, 'x-request-id': requestId, 'x-correlation-id': correlationId };
}
