/** What the doctor found about one thing. `mend` says what to do about it; a finding that is well has none. */
export interface Finding {
  /** What was looked at, in a word: settings, postgres, queue … */
  readonly about: string;
  /** `warn`: it works, and somebody should know. `bad`: it does not work, or a promise is not kept. */
  readonly level: 'good' | 'warn' | 'bad';
  readonly says: string;
  readonly mend?: string;
}

export const good = (about: string, says: string): Finding => ({ about, level: 'good', says });
export const warn = (about: string, says: string, mend: string): Finding => ({ about, level: 'warn', says, mend });
export const bad = (about: string, says: string, mend: string): Finding => ({ about, level: 'bad', says, mend });
