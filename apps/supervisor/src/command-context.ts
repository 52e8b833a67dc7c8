import type { Settings } from '#platform';

/** What every command gets. */
export interface CommandContext {
  readonly settings: Settings;
  /** The folder of the clone, or of the image. */
  readonly projectRoot: string;
  readonly args: readonly string[];
  /** The process whose end is a wish to stop: npm, when a script of package.json started us. */
  readonly parentPid: number | undefined;
}
