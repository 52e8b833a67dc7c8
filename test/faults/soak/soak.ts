import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Arena } from '../support/arena.js';
import { judge } from '../support/oracle.js';
import { faultsOf } from '../support/schedule.js';
import type { Seeded } from '../support/seeded.js';
import { growthOf, heapOf, residentMegabytes, type Sample, warm } from './memory.js';

/** How long faults happen; without minutes, until so many leads were acknowledged. */
export interface SoakWish {
  readonly minutes?: number;
  readonly leads?: number;
  /** No faults: for the memory alone. */
  readonly calm: boolean;
}

export const SOAK_RETRY_BASE_SECONDS = 0.5;
const BETWEEN_FAULTS_MS = [2000, 8000] as const;
const SHOW_MS = 2000;
const SAMPLE_MS = 5000;
/** A gateway that keeps something of every lead grows by more: 1 KB of each of 150 a second is 9 MB a minute. */
const MOST_MB_A_MINUTE = 4;
/** A shorter run says nothing of the memory if there were too few collections; a longer one was made for it. */
const JUDGED_FROM_MINUTES = 5;

/** One run on one arena: leads, faults of chance, rest, and the oracle. */
export class Soak {
  private readonly began = performance.now();
  private readonly samples: Sample[] = [];
  private faults = 0;
  private now = 'warming up';
  private over = false;

  constructor(
    private readonly arena: Arena,
    private readonly wish: SoakWish,
    private readonly chance: Seeded,
  ) {}

  async run(): Promise<Record<string, unknown>> {
    await this.arena.start();
    await Promise.all([this.show(), this.watchMemory(), this.misbehave().finally(() => (this.over = true))]);
    const { sender, world, redis, options } = this.arena;
    this.now = 'coming to rest';
    await this.arena.heal();
    await sender.stop();
    const resting = performance.now();
    await this.arena.settled(600);
    const rest = (performance.now() - resting) / 1000;
    const findings = [
      ...sender.broken,
      ...(await judge(world, {
        acknowledged: this.arena.acknowledged(),
        people: sender.acknowledged,
        redisUrl: redis?.url,
        retryBaseSeconds: SOAK_RETRY_BASE_SECONDS,
      })),
    ];
    const growth = growthOf(this.samples);
    if (growth !== null && growth > MOST_MB_A_MINUTE) findings.push(`I8: what the gateway keeps grows by ${growth} MB a minute`);
    if (growth === null && this.minutes >= JUDGED_FROM_MINUTES)
      findings.push('I8: too few collections to say what the gateway keeps: send more, or for longer');
    const byStatus = await world.rows<{ status: string; n: number }>(
      'select lower(status) as status, count(*)::int as n from leads group by status',
    );
    this.line('\n');
    return {
      backend: options.backend,
      minutes: Math.round(this.minutes * 10) / 10,
      acknowledged: sender.acknowledged.size,
      refused: sender.refused,
      ...Object.fromEntries(byStatus.map(({ status, n }) => [status, n])),
      faults: this.faults,
      restarts: this.arena.restarts,
      rest_seconds: Math.round(rest),
      rss_mb: this.samples.at(-1)?.resident ?? 0,
      rss_mb_after_warm_up: warm(this.samples)[0]?.resident ?? null,
      heap_mb_per_minute: growth,
      findings,
    };
  }

  private get minutes(): number {
    return (performance.now() - this.began) / 60_000;
  }

  private get enough(): boolean {
    const { minutes, leads } = this.wish;
    return leads === undefined ? this.minutes >= (minutes ?? 0) : this.arena.sender.acknowledged.size >= leads;
  }

  private async misbehave(): Promise<void> {
    while (!this.enough) {
      this.now = 'nothing';
      await pause(this.wish.calm ? SHOW_MS : this.chance.between(...BETWEEN_FAULTS_MS));
      if (this.wish.calm || this.enough) continue;
      const fault = this.chance.pick(faultsOf(this.arena.options.backend));
      this.now = fault.name;
      this.faults += 1;
      const began = performance.now();
      await fault.happen(this.arena, this.chance);
      this.happened(fault.name, performance.now() - began);
    }
  }

  private async watchMemory(): Promise<void> {
    const [gateway] = this.arena.gateways;
    while (!this.over) {
      this.samples.push({ minute: this.minutes, resident: residentMegabytes(gateway.pid), heap: await heapOf(gateway.url) });
      await pause(SAMPLE_MS);
    }
  }

  private async show(): Promise<void> {
    while (!this.over) {
      this.line(process.stderr.isTTY ? '\r' : '\n');
      await pause(process.stderr.isTTY ? SHOW_MS : SHOW_MS * 15);
    }
  }

  /** A line of its own for each fault where nobody watches: the order of faults is what a finding is read with. */
  private happened(name: string, milliseconds: number): void {
    if (!process.stderr.isTTY) writeSync(2, `\n         ${this.clock}  ${name}, ${(milliseconds / 1000).toFixed(1)} s`);
  }

  private get clock(): string {
    return `${Math.floor(this.minutes)}:${String(Math.floor((this.minutes % 1) * 60)).padStart(2, '0')}`;
  }

  /** Past jest, which would hold it back until the test is over. */
  private line(start: string): void {
    const { sender, options } = this.arena;
    const memory = this.samples.at(-1)?.resident ?? 0;
    const text = `${options.backend.padEnd(8)} ${this.clock}  acknowledged ${sender.acknowledged.size}  refused ${sender.refused}  faults ${this.faults}  RSS ${memory} MB  now: ${this.now}`;
    writeSync(2, `${start}${text.padEnd(110)}`);
  }
}
