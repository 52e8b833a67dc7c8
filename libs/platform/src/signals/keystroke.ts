/** Under npm one Ctrl-C arrives twice, from the terminal and a few milliseconds later from npm; no person presses twice this fast. */
const SAME_KEYSTROKE_MS = 300;

/**
 * One press of Ctrl-C, from its first signal on. Every signal that comes before it is over belongs to it: also one that waited while this process,
 * or the machine, stood still. Node hears of those after its timers and before the turn that follows.
 */
export class Keystroke {
  isOver = false;

  constructor() {
    setTimeout(() => setImmediate(() => (this.isOver = true)), SAME_KEYSTROKE_MS).unref();
  }
}
