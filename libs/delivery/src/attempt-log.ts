import type { Logger, Metrics } from '#platform';
import type { ClosedAttempt } from './attempt.js';

/** The one wide log line of an attempt: ids, codes and durations, nothing of the person and nothing of the answer. */
export function attemptLine(attempt: ClosedAttempt, written: boolean): Record<string, unknown> {
  const { step } = attempt;
  return {
    event: 'attempt',
    request_id: attempt.requestId,
    lead_id: attempt.leadId,
    delivery_id: attempt.deliveryId,
    tenant_id: attempt.tenantId,
    destination_id: attempt.destinationId,
    attempt_no: attempt.attemptNo,
    outcome: attempt.outcome,
    sent_state: attempt.sentState,
    status: step.status,
    status_code: attempt.statusCode,
    error_code: attempt.errorCode,
    error: attempt.errorMessage,
    ...(attempt.decidedBy === null ? {} : { decided_by: attempt.decidedBy }),
    ...(step.status === 'RETRYING' ? { retry_in_s: step.delaySeconds } : {}),
    duration_ms: attempt.durationMs,
    ...(written ? {} : { written: false }),
  };
}

/** A destination that cannot be used is told of once in this time, however many deliveries wait for it. */
const PARKED_EVERY_MS = 60_000;

/** Tells of every attempt once, in the log and in the metrics. */
export class AttemptLog {
  private readonly parkedAt = new Map<string, number>();

  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** @param written false: the attempt was not open any more, so nothing of it counts */
  closed(attempt: ClosedAttempt, written: boolean): void {
    const destination = attempt.destinationId;
    this.metrics.attempts.inc({ destination, outcome: written ? attempt.outcome : 'dropped' });
    if (attempt.durationMs !== null) this.metrics.attemptSeconds.observe({ destination }, attempt.durationMs / 1000);
    if (written) this.logger.info(attemptLine(attempt, written), 'attempt');
    else this.logger.warn(attemptLine(attempt, written), 'attempt closed by somebody else after its lease: dropped');
  }

  /** Deliveries wait for configuration, not for their destination. */
  parked(reason: string): void {
    const now = performance.now();
    if (now - (this.parkedAt.get(reason) ?? -Infinity) < PARKED_EVERY_MS) return;
    this.parkedAt.set(reason, now);
    this.logger.warn(`${reason}; its deliveries wait`);
  }

  failed(error: unknown): void {
    this.logger.error({ error_name: error instanceof Error ? error.name : 'unknown' }, 'a destination failed inside the gateway');
  }
}
