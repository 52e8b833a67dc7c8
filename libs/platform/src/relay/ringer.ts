import { type DeliveryId, type DestinationId, type Job, type LeadId, WORK_KINDS, type WorkKind } from '#core';
import { failpoint } from '../failpoints/failpoint.js';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { JobQueue } from '../queue/queue-port.js';
import { within } from '../within.js';

/**
 * Ids per job. Small enough that a crash repeats little and that the jobs a process has at once bound the leads it has in hand, large enough for
 * the 600–800 jobs/s of BullMQ's Postgres backend.
 */
export const LEADS_PER_JOB = 20;
export const DELIVERIES_PER_JOB = 25;
const ADD_LIMIT_MS = 2000;
const ANSWER_LIMIT_MS = 500;

/** What goes into jobs of its own: deliveries of one destination, a lead that is run alone, or whatever leads there are. */
interface Pending {
  readonly kind: WorkKind;
  readonly together: string;
  readonly ids: readonly string[];
}
const ANY_LEADS = 'leads';

/**
 * Puts ids on the queue: one add at a time, and what comes meanwhile goes out together, in as few jobs as it fits in. A failed or slow add
 * (`queue.add()` hangs for as long as Redis is away, measured) is given up after 2 s and reported through `onMissed`; a job that arrives after all
 * is harmless.
 * @param onMissed must not throw
 */
export class Ringer {
  private pending: Pending[] = [];
  private adding: Promise<void> | undefined;
  private queue: JobQueue | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    private readonly onMissed: (kind: WorkKind, ids: readonly string[]) => Promise<void>,
  ) {}

  /** The queue appears when its server does, and is replaced when the watchdog rebuilds it. */
  use(queue: JobQueue | undefined): void {
    this.queue = queue;
  }

  get connected(): boolean {
    return this.queue !== undefined;
  }

  leads(ids: readonly LeadId[]): void {
    this.push({ kind: 'leads', together: ANY_LEADS, ids });
  }

  leadAlone(id: LeadId): void {
    this.push({ kind: 'leads', together: id, ids: [id] });
  }

  deliveries(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    this.push({ kind: 'deliveries', together: destinationId, ids });
  }

  /** As JobQueue says it; undefined while the queue does not answer. */
  async incarnation(): Promise<string | undefined> {
    return this.queue === undefined ? undefined : within(ANSWER_LIMIT_MS, this.queue.incarnation()).catch(() => undefined);
  }

  /** Resolves when nothing is being added. */
  async settled(): Promise<void> {
    while (this.adding !== undefined) await this.adding;
  }

  private push(pending: Pending): void {
    if (pending.ids.length === 0) return;
    this.pending.push(pending);
    this.adding ??= this.addPending();
  }

  private async addPending(): Promise<void> {
    // What is rung in the same turn goes out together, the first of it, too.
    await Promise.resolve();
    while (this.pending.length > 0) await this.add(this.pending.splice(0));
    // Here and not behind the promise: what is rung between the two would wait for the next ring.
    this.adding = undefined;
  }

  private async add(batch: readonly Pending[]): Promise<void> {
    const byKind = WORK_KINDS.map((kind) => ({ kind, ids: batch.filter((one) => one.kind === kind).flatMap(({ ids }) => ids) }));
    const rung = byKind.filter(({ ids }) => ids.length > 0);
    try {
      if (this.queue === undefined) throw new Error('the queue is not connected');
      await failpoint('ring_before_add');
      await within(ADD_LIMIT_MS, this.queue.add(jobsOf(batch)));
      await failpoint('ring_after_add');
      for (const { kind, ids } of rung) this.metrics.rings.inc({ kind, result: 'rung' }, ids.length);
    } catch (error) {
      const count = rung.reduce((sum, { ids }) => sum + ids.length, 0);
      this.logger.warn({ component: 'relay', ids: count }, `ring failed, the rows stay due: ${(error as Error).message}`);
      // All of a kind at once: one after the other, a thousand of them would keep what is rung next waiting.
      for (const { kind, ids } of rung) {
        this.metrics.rings.inc({ kind, result: 'missed' }, ids.length);
        await this.onMissed(kind, ids);
      }
    }
  }
}

function jobsOf(batch: readonly Pending[]): Job[] {
  const groups = new Map<string, { readonly kind: WorkKind; readonly ids: string[] }>();
  for (const { kind, together, ids } of batch) {
    const group = groups.get(together);
    if (group === undefined) groups.set(together, { kind, ids: [...ids] });
    else group.ids.push(...ids);
  }
  return [...groups.values()].flatMap(({ kind, ids }): Job[] =>
    kind === 'leads'
      ? chunked(ids as LeadId[], LEADS_PER_JOB).map((leadIds) => ({ type: 'process_leads.v1', leadIds }))
      : chunked(ids as DeliveryId[], DELIVERIES_PER_JOB).map((deliveryIds) => ({ type: 'deliver_leads.v1', deliveryIds })),
  );
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
