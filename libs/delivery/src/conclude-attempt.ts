import { assertNever, classifyAnswer, classifyFailure, decideNextStep, type Verdict } from '#core';
import type { AttemptOutcome, AttemptRef, ClosedAttempt } from './attempt.js';
import type { ReachableDestination } from './configured-destinations.js';
import type { DestinationAnswer } from './destination.port.js';

export interface Conclusion {
  readonly attempt: AttemptRef;
  readonly answer: DestinationAnswer;
  readonly durationMs: number | null;
  readonly actor: ClosedAttempt['actor'];
  /** In [0, 1). */
  readonly random: number;
}

/** What a call meant: the attempt as it is closed, and the delivery's next step. */
export function concludeAttempt(
  { config, schedule }: Pick<ReachableDestination, 'config' | 'schedule'>,
  { attempt, answer, durationMs, actor, random }: Conclusion,
): ClosedAttempt {
  const { signal } = answer;
  const verdict = classifyAnswer(config.answers, config.effect, signal);
  const jitter = config.answers === 'standard' ? random : null;
  const { deliveryId, tenantId, leadId, destinationId, attemptNo, attemptsBefore, requestId } = attempt;
  const step = decideNextStep(verdict, { ...schedule, attemptNo: attemptNo - attemptsBefore, jitter });
  return {
    deliveryId,
    tenantId,
    leadId,
    destinationId,
    attemptNo,
    attemptsBefore,
    requestId,
    sentState: signal.kind,
    outcome: outcomeOf(verdict),
    statusCode: signal.kind === 'answered' ? signal.statusCode : null,
    errorCode: answer.errorCode,
    errorMessage: messageOf(verdict),
    retryAfterSeconds: signal.kind === 'answered' ? signal.retryAfterSeconds : null,
    excerpt: answer.excerpt,
    recordId: verdict.kind === 'delivered' ? answer.recordId : null,
    decidedBy: answer.decidedBy ?? null,
    fetched: (verdict.kind === 'delivered' ? answer.fetched : undefined) ?? null,
    durationMs,
    step,
    failureClass: classifyFailure({ signal, errorCode: answer.errorCode, step }),
    actor,
  };
}

function outcomeOf(verdict: Verdict): AttemptOutcome {
  switch (verdict.kind) {
    case 'delivered':
    case 'retry':
    case 'refused':
      return verdict.kind;
    case 'hold':
      return 'held';
    default:
      return assertNever(verdict);
  }
}

function messageOf(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case 'delivered':
      return null;
    case 'retry':
      return verdict.cause;
    case 'refused':
    case 'hold':
      return verdict.error;
    default:
      return assertNever(verdict);
  }
}
