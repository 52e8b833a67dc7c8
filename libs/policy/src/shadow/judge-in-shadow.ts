import { decideDivergence, isSampled, type Divergence } from './decide-divergence.js';
import type { DivergenceCount, DivergenceStore } from './divergence-store.port.js';
import { ShadowJudge, type DecidedJourney } from './shadow-judge.port.js';

/** A journey holds a whole lead, so few wait. They are judged within a turn or two of the event loop; a full house means overload. */
const MOST_WAITING = 256;
/** Judged in one turn of the event loop: about a millisecond's work. */
const PER_TURN = 16;
/** Kinds of divergence counted at once: twelve per tenant and policy version. While Postgres is away, further kinds are dropped. */
const MOST_KINDS = 2000;
const FLUSH_AFTER_MS = 1000;

/** Who is told of what happens here: metrics. */
export interface ShadowWatch {
  diverged(tenantId: string, divergence: Divergence): void;
  dropped(): void;
}

/**
 * Judges a sample behind the answers and adds up what differs; the sums go to Postgres once a second. Everything here may be lost: a
 * process that dies takes up to a second of counts with it, and a flush whose commit got no answer is counted twice. They are figures
 * for a person who wonders whether to switch, not accounts.
 */
export class JudgeInShadow extends ShadowJudge {
  private readonly waiting: DecidedJourney[] = [];
  private counts = new Map<string, DivergenceCount>();
  private turn: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly rate: LeadRate;

  constructor(
    private readonly store: DivergenceStore,
    private readonly watch: ShadowWatch,
    clockMs: () => number,
  ) {
    super();
    this.rate = new LeadRate(clockMs);
  }

  override observe(decided: DecidedJourney): void {
    const { lead } = decided.journey.facts;
    if (lead === undefined || decided.config.config.policy.shadow?.state !== 'active') return;
    if (!isSampled(lead.id, this.rate.count())) return;
    if (this.waiting.length >= MOST_WAITING) return this.watch.dropped();
    this.waiting.push(decided);
    this.turn ??= setImmediate(() => this.takeTurn());
  }

  override async drain(): Promise<void> {
    clearImmediate(this.turn);
    clearTimeout(this.timer);
    this.turn = this.timer = undefined;
    while (this.waiting.length > 0) this.judgeSome();
    await this.flush().catch(() => {});
  }

  private takeTurn(): void {
    this.turn = undefined;
    this.judgeSome();
    if (this.waiting.length > 0) this.turn = setImmediate(() => this.takeTurn());
    if (this.counts.size > 0) this.flushLater();
  }

  private judgeSome(): void {
    for (const decided of this.waiting.splice(0, PER_TURN)) {
      try {
        const divergence = decideDivergence(decided);
        if (divergence !== null) this.count(decided, divergence);
      } catch {
        // A shadow that stumbles over a lead must not take the process with it; that it did is in the metric.
        this.watch.dropped();
      }
    }
  }

  private count({ config, journey }: DecidedJourney, { active, shadow }: Divergence): void {
    const { lead } = journey.facts;
    if (lead === undefined) return;
    this.watch.diverged(config.tenantId, { active, shadow });
    this.add({ tenantId: config.tenantId, policyVersion: config.policyVersion, active, shadow, leads: 1, lastLeadId: lead.id });
  }

  private add(count: DivergenceCount): void {
    const key = `${count.tenantId} ${count.policyVersion} ${count.active} ${count.shadow}`;
    const known = this.counts.get(key);
    if (known === undefined && this.counts.size >= MOST_KINDS) return this.watch.dropped();
    this.counts.set(key, { ...count, leads: count.leads + (known?.leads ?? 0) });
  }

  private flushLater(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      // One flush at a time: the next one is planned when this one is over.
      void this.flush()
        .catch(() => {})
        .then(() => {
          this.timer = undefined;
          if (this.counts.size > 0) this.flushLater();
        });
    }, FLUSH_AFTER_MS);
    this.timer.unref();
  }

  private async flush(): Promise<void> {
    const taken = [...this.counts.values()];
    if (taken.length === 0) return;
    this.counts = new Map();
    try {
      await this.store.add(taken);
    } catch (error) {
      for (const count of taken) this.add(count);
      throw error;
    }
  }
}

/** Leads of the last full second, or of the running one when that has more already. */
class LeadRate {
  private second = 0;
  private before = 0;
  private now = 0;

  constructor(private readonly clockMs: () => number) {}

  /** Counts one more. @returns leads per second */
  count(): number {
    const second = Math.floor(this.clockMs() / 1000);
    if (second !== this.second) {
      this.before = second === this.second + 1 ? this.now : 0;
      this.now = 0;
      this.second = second;
    }
    this.now += 1;
    return Math.max(this.before, this.now);
  }
}
