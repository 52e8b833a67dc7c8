import type { DestinationId } from '#core';

/** What is remembered of destinations that are not called. Abstract class, so that it is also the injection token. */
export abstract class ServiceRecords {
  /** Ends the pauses that the gateway itself began under a configuration with another object for the destination than the active one has. */
  abstract resumeChanged(): Promise<void>;
  /** Whose breaker is open or half open. */
  abstract notClosed(): Promise<readonly DestinationId[]>;
  /** Their breakers are closed, whatever they were. */
  abstract close(ids: readonly DestinationId[]): Promise<void>;
}
