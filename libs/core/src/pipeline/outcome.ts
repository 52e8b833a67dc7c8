import type { DestinationId } from '../ids.js';
import type { Decision } from './facts.js';

/**
 * Why something was decided. `code` is stable and machine-read (tables, metrics, filters); `detail` is for people and may name
 * fields and settings, never a person's values.
 */
export interface Reason {
  readonly code: string;
  readonly detail: string;
}

/** What a stage decided about one lead. Business results are returned; faults (database down) are thrown and retried. */
export type Outcome<Adds extends object = object> =
  | { readonly kind: 'continue'; readonly adds: Adds; readonly notes?: readonly Reason[] }
  | { readonly kind: 'reject'; readonly reasons: readonly [Reason, ...Reason[]] }
  | Hold
  | { readonly kind: 'fail'; readonly reason: Reason };

/** The lead waits: `holdSeconds` from the commit, or for a person (null). `says` is what a waiting sender reads; WARN with the reason's code unless told. */
export interface Hold {
  readonly kind: 'hold';
  readonly reason: Reason;
  readonly holdSeconds: number | null;
  readonly says?: { readonly decision: Decision; readonly reasonCodes: readonly string[] };
  /** The call that brings what the lead waits for (hold reason awaiting_fetch). */
  readonly fetch?: PlannedFetch;
}

/** A call that fetches the rest of a lead; it becomes a row of `deliveries` with the purpose `fetch`. */
export interface PlannedFetch {
  /** `<tenant>/<source name>.fetch` */
  readonly destinationId: DestinationId;
  /** What is asked for, as the source kind's fetcher reads it: a JSON object as text, ids only. */
  readonly request: string;
}

export type OutcomeKind = Outcome['kind'];

export const proceed = <Adds extends object>(adds: Adds, notes: readonly Reason[] = []): Outcome<Adds> => ({
  kind: 'continue',
  adds,
  notes,
});
