/** No collector configured, one at an address where nobody listens, one that never reads what it is sent. */
export const COLLECTORS = ['off', 'absent', 'stalled'] as const;
export type CollectorState = (typeof COLLECTORS)[number];

export interface BenchContext {
  /** The checkout, with dist/ built. */
  readonly root: string;
  readonly rounds: number;
  /** Of one round. */
  readonly seconds: number;
  /** Of the guard's benchmark. */
  readonly leads: number;
  readonly seed: number;
  /** Connections of the guard's and the telemetry benchmark. */
  readonly concurrency: number;
  /** Send the guard's leads a second time, and once more after a restart. */
  readonly again: boolean;
  readonly restart: boolean;
  /** LEADGATE_CLAIM_ACCELERATORS of the guard's gateway. */
  readonly accelerators: string;
  /** What the telemetry benchmark compares with telemetry that is off; everything unless told. */
  readonly collector: CollectorState | undefined;
  readonly say: (line: string) => void;
}
