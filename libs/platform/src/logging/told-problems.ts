import type { Logger } from './logger.js';

/** What is wrong, look after look: each problem is logged when it appears, and that there is none any more once; not at every look. */
export class ToldProblems {
  private told: ReadonlySet<string> = new Set();

  /** @param noneLeft the sentence when the last problem is gone */
  constructor(
    private readonly logger: Logger,
    private readonly component: string,
    private readonly noneLeft: string,
  ) {}

  tell(problems: readonly string[]): void {
    const { component } = this;
    const now = new Set(problems);
    for (const problem of now) if (!this.told.has(problem)) this.logger.warn({ component }, problem);
    if (this.told.size > 0 && now.size === 0) this.logger.info({ component }, this.noneLeft);
    this.told = now;
  }
}
