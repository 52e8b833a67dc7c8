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
  | { readonly kind: 'hold'; readonly reason: Reason; readonly holdSeconds: number | null }
  | { readonly kind: 'fail'; readonly reason: Reason };

export type OutcomeKind = Outcome['kind'];

export const proceed = <Adds extends object>(adds: Adds, notes: readonly Reason[] = []): Outcome<Adds> => ({
  kind: 'continue',
  adds,
  notes,
});
