import { Doorbell, WORK_KINDS, type DeliveryId, type DestinationId, type LeadId, type WorkKind } from '#core';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { JobQueue } from '../queue/queue-port.js';
import { DESTINATION_STATES, type DestinationRoom, type DueRow, DueWork, MAX_RUNG, MAX_RUNG_PER_DESTINATION, roomOf } from './due-work.js';
import { Ringer } from './ringer.js';

const POLL_MS = 250;
/** A ring older than this without a result counts as lost. */
const STALE_RING_SECONDS = 60;
/**
 * It counts as lost sooner for a while after the queue was connected or Postgres came back, because whoever rang last has probably died
 * or failed, and while the queue has no job of the kind at all, because then it was emptied. Ringing too often is harmless.
 */
const STALE_SOON_SECONDS = 5;
const SOON_FOR_MS = 15_000;
const ASK_QUEUE_EVERY_MS = 1000;
const BACKLOG_EVERY_MS = 5000;
/** After a missed ring the poll leaves the rows alone for this long instead of marking and unmarking them four times a second. */
const PAUSE_AFTER_MISS_MS = 2000;

/**
 * The only module that rings. Two triggers: right after a commit, with the ids just committed, and a poll for due rows that nobody
 * rang lately. The queue may be lost at any time: whatever is due in Postgres is rung again.
 *
 * Every process rings what it commits; only a process with role `relay` takes due rows.
 */
export class Relay extends Doorbell {
  private readonly ringer: Ringer;
  private readonly rung: Record<WorkKind, number> = { leads: 0, deliveries: 0 };
  /** How many more of each destination may be rung until the next poll says it anew. */
  private rooms = new Map<DestinationId, number>();
  private readonly askedQueueAt: Record<WorkKind, number> = { leads: 0, deliveries: 0 };
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;
  private soonUntil = 0;
  private pausedUntil = 0;
  private takesDue = false;
  private stopped = false;
  private lastBacklogAt = 0;
  private failing = false;

  constructor(
    private readonly due: DueWork,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {
    super();
    this.ringer = new Ringer(metrics, logger, (kind, ids) => this.missed(kind, ids));
  }

  useQueue(queue: JobQueue | undefined): void {
    this.ringer.use(queue);
    this.soonUntil = performance.now() + SOON_FOR_MS;
  }

  override reserve(kind: WorkKind, count: number, destinationId?: DestinationId): boolean {
    if (this.stopped || !this.ringer.connected || performance.now() < this.pausedUntil) return false;
    if (destinationId !== undefined) return this.reserveOf(destinationId, count);
    if (this.rung[kind] + count > MAX_RUNG) return false;
    this.rung[kind] += count;
    return true;
  }

  private reserveOf(destinationId: DestinationId, count: number): boolean {
    const room = this.rooms.get(destinationId) ?? MAX_RUNG_PER_DESTINATION;
    if (count > room) return false;
    this.rooms.set(destinationId, room - count);
    return true;
  }

  override ringLeads(ids: readonly LeadId[]): void {
    this.ringer.leads(ids);
  }

  override ringDeliveries(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    this.ringer.deliveries(destinationId, ids);
  }

  startPolling(options: { takesDue: boolean }): void {
    this.takesDue = options.takesDue;
    this.stopped = false;
    this.schedule(0);
  }

  /**
   * No ring is under way after this resolves. What is committed from now on is not rung: with a queue that does not answer, senders who go
   * on sending would keep it from ever resolving. Another process or the next start finds those rows due.
   */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.polling;
    await this.ringer.settled();
  }

  private schedule(delay: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.polling = this.poll().finally(() => {
        this.polling = undefined;
        this.schedule(POLL_MS);
      });
    }, delay);
  }

  private async poll(): Promise<void> {
    try {
      await this.pollLeads();
      await this.pollDeliveries();
      if (this.takesDue && performance.now() - this.lastBacklogAt > BACKLOG_EVERY_MS) await this.measureBacklog();
      if (this.failing) {
        this.logger.info({ component: 'relay' }, 'polling again');
        this.soonUntil = performance.now() + SOON_FOR_MS;
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.logger.error({ component: 'relay' }, `polling for due work failed, trying again: ${(error as Error).message}`);
      this.failing = true;
    }
  }

  private async pollLeads(): Promise<void> {
    const staleAfter = await this.staleAfter('leads');
    this.rung.leads = await this.due.countRungLeads(staleAfter);
    const room = MAX_RUNG - this.rung.leads;
    if (this.rings && room > 0) this.ringRows(await this.due.takeLeads(staleAfter, room));
  }

  private async pollDeliveries(): Promise<void> {
    const staleAfter = await this.staleAfter('deliveries');
    const destinations = await this.due.rooms(staleAfter);
    this.rung.deliveries = destinations.reduce((sum, { rung }) => sum + rung, 0);
    this.rooms = new Map(destinations.map((destination) => [destination.id, roomOf(destination)]));
    this.tell(destinations);
    if (!this.rings) return;
    const rows = await this.due.takeDeliveries(staleAfter, this.rooms);
    for (const row of rows) if (row.kind === 'deliveries') this.rooms.set(row.destinationId, (this.rooms.get(row.destinationId) ?? 0) - 1);
    this.ringRows(rows);
  }

  private get rings(): boolean {
    return this.takesDue && this.ringer.connected && performance.now() >= this.pausedUntil;
  }

  private async staleAfter(kind: WorkKind): Promise<number> {
    const soon = performance.now() < this.soonUntil;
    return soon || (await this.wasEmptied(kind)) ? STALE_SOON_SECONDS : STALE_RING_SECONDS;
  }

  private tell(destinations: readonly DestinationRoom[]): void {
    for (const { id, state, callsPerSecond } of destinations) {
      for (const one of DESTINATION_STATES) this.metrics.destinationState.set({ destination: id, state: one }, one === state ? 1 : 0);
      if (callsPerSecond === null) this.metrics.destinationPace.remove({ destination: id });
      else this.metrics.destinationPace.set({ destination: id }, callsPerSecond);
    }
  }

  private async wasEmptied(kind: WorkKind): Promise<boolean> {
    if (this.rung[kind] === 0 || performance.now() - this.askedQueueAt[kind] < ASK_QUEUE_EVERY_MS) return false;
    this.askedQueueAt[kind] = performance.now();
    return this.ringer.isEmpty(kind);
  }

  private ringRows(rows: readonly DueRow[]): void {
    const together: LeadId[] = [];
    const byDestination = new Map<DestinationId, DeliveryId[]>();
    for (const row of rows) {
      if (row.kind === 'deliveries') byDestination.set(row.destinationId, [...(byDestination.get(row.destinationId) ?? []), row.id]);
      else if (row.alone) this.ringer.leads([row.id]);
      else together.push(row.id);
    }
    this.ringer.leads(together);
    for (const [destinationId, ids] of byDestination) this.ringer.deliveries(destinationId, ids);
  }

  private async missed(kind: WorkKind, ids: readonly string[]): Promise<void> {
    this.pausedUntil = performance.now() + PAUSE_AFTER_MISS_MS;
    this.rung[kind] = Math.max(0, this.rung[kind] - ids.length);
    await this.due.unring(kind, ids).catch(() => {
      // Postgres is away too: the rows keep their ring and count as lost after STALE_RING_SECONDS.
    });
  }

  private async measureBacklog(): Promise<void> {
    this.lastBacklogAt = performance.now();
    for (const kind of WORK_KINDS) {
      const { due, oldest } = await this.due.backlog(kind);
      this.metrics.dueWork.set({ kind }, due);
      this.metrics.oldestDueSeconds.set({ kind }, oldest);
    }
    for (const { id, waiting } of await this.due.waiting()) this.metrics.destinationWaiting.set({ destination: id }, waiting);
  }
}
