const WIDTH = 30;
const REDRAW_MS = 250;
/** Without a terminal a line is written for every tenth part. */
const PARTS = 10;

/** A progress bar on stderr: a line that redraws itself on a terminal, else a line now and then. */
export class ProgressBar {
  private readonly startedAt = performance.now();
  private drawnAt = -Infinity;
  private part = 0;

  constructor(
    private readonly what: string,
    private readonly total: number,
    private readonly stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr,
  ) {}

  at(done: number): void {
    if (this.stream.isTTY) {
      const now = performance.now();
      if (now - this.drawnAt < REDRAW_MS && done < this.total) return;
      this.drawnAt = now;
      this.stream.write(`\r${this.line(done)}${done === this.total ? '\n' : ''}`);
      return;
    }
    const part = Math.floor((done / this.total) * PARTS);
    if (part === this.part) return;
    this.part = part;
    this.stream.write(`${this.line(done)}\n`);
  }

  private line(done: number): string {
    const share = done / this.total;
    const seconds = (performance.now() - this.startedAt) / 1000;
    const perSecond = seconds > 0 ? done / seconds : 0;
    const left = perSecond > 0 ? Math.ceil((this.total - done) / perSecond) : 0;
    const filled = Math.round(share * WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`;
    return `${this.what.padEnd(22)} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${Math.round(perSecond)}/s  ${left} s left `;
  }
}
