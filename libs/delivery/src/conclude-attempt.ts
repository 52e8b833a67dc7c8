import { assertNever, classifyAnswer, classifyFailure, classifyService, decideNextStep, type Verdict } from '#core';
import type { AttemptOutcome, AttemptRef, ClosedAttempt } from './attempt.js';
import type { ReachableDestination } from './configured-destinations.js';
import type { DestinationAnswer } from './destination.port.js';

export interface Conclusion {
  readonly attempt: AttemptRef;
  readonly answer: DestinationAnswer;
  readonly durationMs: number | null;
  readonly actor: ClosedAttempt['actor'];
  /** Calls a second made to the destination when it answered; see ServiceNews. */
  readonly callsPerSecond: number;
  /** In [0, 1). */
  readonly random: number;
}

/** What a call meant: the attempt as it is closed, and the delivery's next step. */
export function concludeAttempt(
  { config, schedule, breaker, longestQuietSeconds }: Pick<ReachableDestination, 'config' | 'schedule' | 'breaker' | 'longestQuietSeconds'>,
  { attempt, answer, durationMs, actor, callsPerSecond, random }: Conclusion,
): ClosedAttempt {
  const { signal } = answer;
  const verdict = classifyAnswer(config.answers, config.effect, signal);
  const jitter = config.answers === 'standard' ? random : null;
  const { deliveryId, tenantId, leadId, destinationId, attemptNo, attemptsBefore, requestId, probe, alone = false } = attempt;
  const step = decideNextStep(verdict, { ...schedule, attemptNo: attemptNo - attemptsBefore, jitter });
  return {
    deliveryId,
    tenantId,
    leadId,
    destinationId,
    attemptNo,
    attemptsBefore,
    requestId,
    probe,
    alone,
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
    service: {
      rules: breaker,
      word: classifyService(config.answers, signal, verdict, { errorCode: answer.errorCode, longestQuietSeconds }),
      subject: answer.subject ?? leadId,
      callsPerSecond,
    },
  };
}

function outcomeOf(verdict: Verdict): AttemptOutcome {
  switch (verdict.kind) {
    case 'delivered':
    case 'retry':
    case 'refused':
      return verdict.kind;
    case 'hold':
    case 'pause':
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
    case 'pause':
      return verdict.error;
    default:
      return assertNever(verdict);
  }
}
