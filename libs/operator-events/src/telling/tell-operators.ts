import type { Logger, Metrics } from '#platform';
import { gapAfter } from './decide-telling.js';
import { type ClaimedEvent, EventStore, isGoodNews, type SettledCall } from './event-store.port.js';
import type { OperatorWebhook, ToldEvent } from './operator-webhook.port.js';

/** Calls at once. */
const AT_ONCE = 5;
/** What a process whose receiver is gone leaves to the others first: one that was started later may have another address. */
const LEFT_TO_OTHERS_SECONDS = 300;

/**
 * Tells operators what was appended: a log line and a count for each event, and a signed call where there is somebody to call. Any number of
 * processes may run it. An event is told at least once; a repetition carries the same id.
 */
export class TellOperators {
  private gone: string | null = null;

  constructor(
    private readonly store: EventStore,
    /** null: events are kept and can be read. */
    private readonly webhook: OperatorWebhook | null,
    private readonly perMinute: number,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** Until nothing more may be told now. */
  async runOnce(): Promise<void> {
    for (let worked = true; worked;) worked = await this.round();
  }

  private async round(): Promise<boolean> {
    const { webhook } = this;
    if (webhook === null || this.gone !== null) {
      this.note(await this.store.keep(this.gone, webhook === null ? 0 : LEFT_TO_OTHERS_SECONDS));
      return false;
    }
    const { claimed, fresh } = await this.store.claim(this.perMinute, AT_ONCE);
    this.note(fresh);
    if (claimed.length > 0) await this.store.settle(await Promise.all(claimed.map((event) => this.call(webhook, event))));
    return claimed.length > 0 || fresh.length > 0;
  }

  private async call(webhook: OperatorWebhook, event: ClaimedEvent): Promise<SettledCall> {
    const { id, attemptNo } = event;
    const outcome = await webhook.tell(event);
    const result = (told: boolean, gapSeconds: number | null, error: string | null): SettledCall => ({
      id,
      attemptNo,
      told,
      gapSeconds,
      error,
    });
    switch (outcome.kind) {
      case 'told':
        this.metrics.operatorCalls.inc({ result: 'told' });
        return result(true, null, null);
      case 'failed': {
        const gapSeconds = gapAfter(attemptNo, outcome.retryAfterSeconds);
        this.metrics.operatorCalls.inc({ result: gapSeconds === null ? 'given_up' : 'failed' });
        const line = { event: 'operator_call', operator_event_id: id, attempt_no: attemptNo, retry_in_s: gapSeconds };
        this.logger.warn(line, `the receiver of operator events did not take one: ${outcome.says}`);
        return result(false, gapSeconds, outcome.says);
      }
      case 'gone':
        this.metrics.operatorCalls.inc({ result: 'given_up' });
        if (this.gone === null)
          this.logger.error(
            'the receiver of operator events answered 410, so this process sends it nothing more: set LEADGATE_OPERATOR_WEBHOOK_URL to the one that takes its place and restart. `leadgate events list` shows what happened meanwhile',
          );
        this.gone = outcome.says;
        return result(false, null, outcome.says);
    }
  }

  private note(events: readonly ToldEvent[]): void {
    for (const { id, type, tenantId, subject, detail } of events) {
      this.metrics.operatorEvents.inc({ type });
      const line = { event: 'operator_event', operator_event_id: id, type, tenant_id: tenantId, subject, detail };
      if (isGoodNews(type)) this.logger.info(line, type);
      else this.logger.warn(line, type);
    }
  }
}
