/** Something that stands in the way of starting. The message is one clear sentence for the person at the terminal: what is wrong and what mends it. */
export class StartProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartProblem';
  }
}

/** The code of a system error (`ENOENT`, `EACCES`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  // By shape, not by class: jest runs code in a realm whose Error is not the one of Node's own modules.
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
