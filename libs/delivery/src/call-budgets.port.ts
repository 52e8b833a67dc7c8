import type { DestinationId } from '#core';

/** What all processes together may do with a destination at the moment, and how many they are. */
export interface CallBudget {
  /** Processes that call it, this one included. */
  readonly processes: number;
  /** Which of them this one is, from 0: what cannot be divided evenly falls to the first. */
  readonly place: number;
  /** What is left of its rate after answers of 429 or an outage (decidePace); null: nothing was taken away. */
  readonly callsPerSecond: number | null;
}

/** Who calls what at the moment. A lease is good for LEASED_SECONDS; no row is written per call. Abstract class, so that it is also the injection token. */
export abstract class CallBudgets {
  /** Says that this process calls them, and hears who else does. @throws when Postgres does not answer */
  abstract lease(destinations: readonly DestinationId[]): Promise<ReadonlyMap<DestinationId, CallBudget>>;
  /** This process calls nothing any more. */
  abstract giveUp(): Promise<void>;
}
