import type { Outcome } from './outcome.js';

/**
 * One step of the corridor. `Needs` is all it may read, `Adds` is what later stages may read besides; the name is its label in
 * the audit, the metrics and the journey. Stages work per lead; a stage that needs I/O asks a port, and the port batches.
 */
export interface Stage<Needs extends object, Adds extends object> {
  readonly name: StageName;
  /** A member, not a method: methods would also accept a stage that needs more than there is. */
  readonly run: (facts: Needs) => Outcome<Adds> | Promise<Outcome<Adds>>;
}

/** In pipeline order. */
export const STAGE_NAMES = ['fetch', 'trim', 'validate', 'normalise', 'dedup', 'policy', 'map'] as const;
export type StageName = (typeof STAGE_NAMES)[number];
