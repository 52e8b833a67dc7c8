export interface BenchContext {
  /** The checkout, with dist/ built. */
  readonly root: string;
  readonly rounds: number;
  /** Of one round. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}
