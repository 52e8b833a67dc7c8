import { faultCodeOf, type Logger, type Metrics } from '#platform';
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

/** What keeps happening is told of once in this time, however many deliveries it happens to. */
const SELDOM_MS = 60_000;

/** Tells of every attempt once, in the log and in the metrics. */
export class AttemptLog {
  private readonly toldAt = new Map<string, number>();

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
    this.seldom(reason, `${reason}; its deliveries wait`);
  }

  /** Budgets could not be leased; who has one goes on. */
  unbudgeted(error: unknown): void {
    this.seldom('unbudgeted', `how many calls each process may make could not be settled, trying again: ${nameOf(error)}`);
  }

  /** Attempts could not be opened or closed: they are taken up again from Postgres. */
  unfinished(error: unknown): void {
    this.seldom('unfinished', `deliveries could not be claimed or closed, they are taken up again: ${nameOf(error)}`);
  }

  failed(error: unknown): void {
    this.logger.error({ error_name: error instanceof Error ? error.name : 'unknown' }, 'a destination failed inside the gateway');
  }

  private seldom(what: string, text: string): void {
    const now = performance.now();
    if (now - (this.toldAt.get(what) ?? -Infinity) < SELDOM_MS) return;
    this.toldAt.set(what, now);
    this.logger.warn(text);
  }
}

/** The message of a database error may quote values of people; its code says whether it is ours to mend. */
function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : 'unknown';
  const code = faultCodeOf(error);
  return code === undefined ? name : `${name} ${code}`;
}
