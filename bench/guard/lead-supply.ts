import type { LabelledLead } from './labels.js';

/** Hands out leads in order, but a copy only once its original has been answered. */
export class LeadSupply {
  private next = 0;
  private readonly ready: LabelledLead[] = [];
  private readonly waiting = new Map<number, LabelledLead[]>();
  private readonly answeredNumbers: Uint8Array;
  private answeredCount = 0;

  constructor(
    private readonly leadOf: (number: number) => LabelledLead,
    private readonly count: number,
  ) {
    this.answeredNumbers = new Uint8Array(count);
  }

  get isDone(): boolean {
    return this.answeredCount === this.count;
  }

  /** @param limit only leads whose number is below it are handed out */
  take(limit: number = this.count): LabelledLead | undefined {
    const released = this.ready.shift();
    if (released !== undefined) return released;
    while (this.next < Math.min(limit, this.count)) {
      const lead = this.leadOf(this.next);
      this.next += 1;
      if (lead.copyOf === null || this.answeredNumbers[lead.copyOf] === 1) return lead;
      const others = this.waiting.get(lead.copyOf);
      if (others === undefined) this.waiting.set(lead.copyOf, [lead]);
      else others.push(lead);
    }
    return undefined;
  }

  answered({ number }: LabelledLead): void {
    this.answeredNumbers[number] = 1;
    this.answeredCount += 1;
    const released = this.waiting.get(number);
    if (released === undefined) return;
    this.waiting.delete(number);
    this.ready.push(...released);
  }
}
