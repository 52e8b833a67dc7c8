import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../../support/eventually.js';
import type { AcknowledgedLedger } from './acknowledged-ledger.js';
import { CANARY, demoLead } from './demo-lead.js';

export interface SenderOptions {
  /** Addresses that may be tried; asked anew for every request. */
  readonly urls: () => readonly string[];
  readonly perSecond: number;
  /** Of the first lead: two senders of one database must not be the same people. */
  readonly firstNumber?: number;
  /** Keeps what is acknowledged beyond this process. */
  readonly ledger?: AcknowledgedLedger | undefined;
}

const AT_ONCE = 24;
const ANSWER_LIMIT_MS = 10_000;
const AGAIN_MS = 100;
/** So many leads after it was acknowledged, every so manieth is sent once more. */
const REPEAT_EVERY = 20;

/**
 * A sender as the promise wants one: each lead has a key of its own and is sent until it is acknowledged, whatever comes in between. Beside the
 * ledger of what was acknowledged it keeps what no gateway may ever answer.
 */
export class LeadSender {
  /** Ids by number, of leads that were answered 2xx. */
  readonly acknowledged = new Map<number, string>();
  readonly broken: string[] = [];
  /** Requests that ended, answered or not: the clock of a schedule, which no slow machine runs down. */
  ticks = 0;
  refused = 0;
  private readonly numbers = new Map<string, number>();
  private next: number;
  private stopped = false;
  private abandoned = false;
  private readonly working: Promise<void>[] = [];
  private readonly waiting = new Set<() => void>();
  private readonly began = performance.now();
  /** For who waits in vain. */
  private lastRefusal = 'no request was refused';

  constructor(private readonly options: SenderOptions) {
    this.next = options.firstNumber ?? 1;
  }

  start(): void {
    for (let n = 0; n < AT_ONCE; n += 1) this.working.push(this.work());
  }

  /** What is on its way is sent until it is acknowledged; nothing new is begun. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await within('everything on its way is acknowledged', Promise.all(this.working), () => this.account());
  }

  private account(): string {
    const { acknowledged, refused, ticks } = this;
    return `${acknowledged.size} leads are; ${refused} of ${ticks} requests were refused. The last one that failed: ${this.lastRefusal}. Alive are ${this.options.urls().join(', ') || 'no gateways'}.`;
  }

  /** As stop, but what is on its way is given up: a run that failed may have no gateway left that acknowledges anything. */
  async abandon(): Promise<void> {
    this.abandoned = true;
    await this.stop();
  }

  /** Until so many more requests ended. */
  async after(requests: number): Promise<void> {
    const until = this.ticks + requests;
    while (this.ticks < until && !this.stopped) await new Promise<void>((resolve) => this.waiting.add(resolve));
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      await this.paced();
      const number = this.next;
      this.next += 1;
      await this.deliver(number);
      if (number % REPEAT_EVERY === 0) await this.deliver(number);
    }
  }

  private async paced(): Promise<void> {
    const early = (): number => {
      const due = ((this.next - (this.options.firstNumber ?? 1)) / this.options.perSecond) * 1000;
      return due - (performance.now() - this.began);
    };
    while (early() > 0) await pause(early());
  }

  private async deliver(number: number): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const urls = this.options.urls();
      const url = urls[(number + tries) % Math.max(1, urls.length)];
      const done = url !== undefined && (await this.send(url, number));
      this.tick();
      if (done || this.abandoned) return;
      await pause(AGAIN_MS * (1 + (tries % 5)));
    }
  }

  /** @returns whether it was acknowledged */
  private async send(url: string, number: number): Promise<boolean> {
    try {
      const answer = await fetch(`${url}/webhooks/leads`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `${CANARY}-sent-${number}` },
        body: JSON.stringify(demoLead(number)),
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      const body = (await answer.json()) as { lead_id?: string; code?: string };
      if (answer.status === 200 && body.lead_id !== undefined) {
        this.acknowledge(number, body.lead_id);
        return true;
      }
      this.refused += 1;
      this.lastRefusal = `lead ${number} was answered ${answer.status} ${body.code ?? ''} by ${url}`;
      if (answer.status !== 503) this.broken.push(`I2: lead ${number} was answered ${answer.status}`);
      else if (!(Number(answer.headers.get('retry-after')) > 0))
        this.broken.push(`I8: lead ${number} was answered 503 without Retry-After`);
    } catch (error) {
      // No answer: the process died, or the connection did. Whether the lead is stored is not known, so it is sent again under its key.
      this.lastRefusal = `lead ${number} had no answer from ${url}, ${(error as Error).message}`;
    }
    return false;
  }

  private acknowledge(number: number, leadId: string): void {
    const first = this.acknowledged.get(number);
    if (first !== undefined && first !== leadId) this.broken.push(`I4: lead ${number} was acknowledged as ${first} and as ${leadId}`);
    const other = this.numbers.get(leadId) ?? number;
    if (other !== number) this.broken.push(`I4: leads ${other} and ${number} were both acknowledged as ${leadId}`);
    this.numbers.set(leadId, number);
    this.options.ledger?.add(number, leadId);
    this.acknowledged.set(number, leadId);
  }

  private tick(): void {
    this.ticks += 1;
    this.wake();
  }

  private wake(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}
