/** What a process sees of its consumers and of the work they are there for; work of kinds it does not consume is left out. */
export interface ConsumerSigns {
  /** Since the last job of this process completed, or since its queues were built. */
  readonly quietSeconds: number;
  /** Age of the oldest due row; 0 when nothing is due. */
  readonly oldestLeadSeconds: number;
  readonly oldestDeliverySeconds: number;
  /** Deliveries are in the lanes of this process. */
  readonly sending: boolean;
  /** The queue holds jobs nobody has taken, or does not say. */
  readonly jobsWait: boolean;
}

/** Due work this old while nothing completes means that the consumers are stuck, whatever they say of themselves. */
export const STUCK_SECONDS = 30;

/**
 * Have the consumers stopped taking jobs? Work may be old without that: a CRM that hangs keeps calls for 30 s each and the deliveries
 * behind them for longer, in this process (`sending`) or in another one that took all the jobs there are (`jobsWait` is false).
 */
export function isStuck({ quietSeconds, oldestLeadSeconds, oldestDeliverySeconds, sending, jobsWait }: ConsumerSigns): boolean {
  const oldest = Math.max(oldestLeadSeconds, sending ? 0 : oldestDeliverySeconds);
  return jobsWait && quietSeconds >= STUCK_SECONDS && oldest >= STUCK_SECONDS;
}
