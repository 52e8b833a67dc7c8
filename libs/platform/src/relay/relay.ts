import { Doorbell, WORK_KINDS, type DeliveryId, type DestinationId, type LeadId, type TenantId, type WorkKind } from '#core';
import type { Logger } from '../logging/logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { JobQueue } from '../queue/queue-port.js';
import type { DueDelivery, DueLead, DueWork } from './due-work.js';
import { LostRings } from './lost-rings.js';
import { Ringer } from './ringer.js';
import { DESTINATION_STATES, type DestinationRoom, roomOf, shareOfDestination, shareOfTenant } from './rooms.js';

const POLL_MS = 250;
const ASK_QUEUE_EVERY_MS = 1000;
const BACKLOG_EVERY_MS = 5000;
/** After a missed ring the poll leaves the rows alone for this long instead of marking and unmarking them four times a second. */
const PAUSE_AFTER_MISS_MS = 2000;

/** The lanes of a process that delivers: what it has decided itself needs no job to get there. */
export interface OwnLanes {
  /** Would deliveries of this destination soon have their turn here? Otherwise they are for whichever process is free. */
  hasRoom(destinationId: DestinationId): boolean;
  takeDecided(destinationId: DestinationId, ids: readonly DeliveryId[]): void;
}

/**
 * The only module that rings. Two triggers: right after a commit, with the ids just committed, and a poll for due rows that nobody
 * rang lately. The queue may be lost at any time: whatever is due in Postgres is rung again.
 *
 * Every process rings what it commits; only a process with role `relay` takes due rows. One that delivers takes what it decides into its own lanes
 * while they have room, and rings the rest (ADR 0017).
 */
export class Relay extends Doorbell {
  private readonly ringer: Ringer;
  private readonly lost = new LostRings();
  /** How many more of each tenant and destination may be rung until the next poll says it anew. */
  private rooms: { leads: Map<TenantId, number>; deliveries: Map<DestinationId, number> } = { leads: new Map(), deliveries: new Map() };
  /** Of whoever the last poll did not know. */
  private shares = { leads: shareOfTenant([]), deliveries: shareOfDestination([]) };
  /** Rows that are marked as rung and are not, because Postgres did not answer either when their ring failed. */
  private readonly notGivenBack: Record<WorkKind, Set<string>> = { leads: new Set(), deliveries: new Set() };
  private askedQueueAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private polling: Promise<void> | undefined;
  private pausedUntil = 0;
  private takesDue = false;
  private lanes: OwnLanes | undefined;
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

  /** Whether this process has a queue to put rings on. Whether its server answers just now is another question. */
  get connected(): boolean {
    return this.ringer.connected;
  }

  useQueue(queue: JobQueue | undefined): void {
    this.ringer.use(queue);
    this.lost.suspect();
  }

  /**
   * A connection to the queue broke: a job that was on its way to a worker of this process is nobody's now. Whose rings those were nobody can say,
   * so all that are older than this moment count as lost five seconds later. That makes no storm: a connection that breaks again within
   * the five seconds puts it off, what is rung again is younger than the moment, and no more of it stands in the queue than the shares allow.
   * It helps where this process takes due rows, too: without the role `relay` the job's rows wait until their ring counts as lost.
   */
  suspectRings(): void {
    this.lost.suspect();
  }

  override reserveLeads(tenantId: TenantId, count: number): boolean {
    return this.canRing && this.reserve(this.rooms.leads, tenantId, count, this.shares.leads);
  }

  override reserveDeliveries(destinationId: DestinationId, count: number): boolean {
    const hasTaker = this.canRing || this.lanes?.hasRoom(destinationId) === true;
    return hasTaker && this.reserve(this.rooms.deliveries, destinationId, count, this.shares.deliveries);
  }

  private reserve<Id>(rooms: Map<Id, number>, id: Id, count: number, share: number): boolean {
    if (this.stopped) return false;
    const room = rooms.get(id) ?? share;
    if (count > room) return false;
    rooms.set(id, room - count);
    return true;
  }

  override ringLeads(ids: readonly LeadId[]): void {
    this.ringer.leads(ids);
  }

  override ringDeliveries(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    if (!this.tookHere(destinationId, ids)) this.ringer.deliveries(destinationId, ids);
  }

  private tookHere(destinationId: DestinationId, ids: readonly DeliveryId[]): boolean {
    if (this.lanes?.hasRoom(destinationId) !== true) return false;
    try {
      this.lanes.takeDecided(destinationId, ids);
    } catch (error) {
      // Whoever decided them has committed that; a fault of the lanes must not look like one of the decision.
      this.logger.error({ component: 'relay', destination_id: destinationId }, `not delivered here, rung: ${(error as Error).message}`);
      return false;
    }
    this.metrics.rings.inc({ kind: 'deliveries', result: 'here' }, ids.length);
    return true;
  }

  /** @param options `takesDue` with role `relay`, `lanes` with role `delivery` */
  startPolling(options: { takesDue: boolean; lanes?: OwnLanes | undefined }): void {
    this.takesDue = options.takesDue;
    this.lanes = options.lanes;
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
      await this.giveBackMissed();
      await this.askQueue();
      await this.pollLeads();
      await this.pollDeliveries();
      if (this.takesDue && performance.now() - this.lastBacklogAt > BACKLOG_EVERY_MS) await this.measureBacklog();
      if (this.failing) {
        this.logger.info({ component: 'relay' }, 'polling again');
        this.lost.suspect();
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.logger.error({ component: 'relay' }, `polling for due work failed, trying again: ${(error as Error).message}`);
      this.failing = true;
    }
  }

  private async askQueue(): Promise<void> {
    if (!this.takesDue || performance.now() - this.askedQueueAt < ASK_QUEUE_EVERY_MS) return;
    this.askedQueueAt = performance.now();
    const incarnation = await this.ringer.incarnation();
    if (incarnation !== undefined && this.lost.sees(incarnation))
      this.logger.warn({ component: 'relay' }, 'the queue was emptied or its server was started anew: what is due is rung again');
  }

  private async pollLeads(): Promise<void> {
    const staleAfter = this.lost.staleAfterSeconds();
    const tenants = await this.due.rungLeads(staleAfter);
    const share = shareOfTenant(tenants);
    this.shares.leads = share;
    this.rooms.leads = new Map(tenants.map(({ id, rung, closed }) => [id, closed ? 0 : Math.max(0, share - rung)]));
    this.metrics.tenantClosed.reset();
    for (const { id } of tenants.filter(({ closed }) => closed)) this.metrics.tenantClosed.set({ tenant: id }, 1);
    if (this.rings) this.ringLeadsThatAreDue(await this.due.takeLeads(staleAfter, this.rooms.leads));
  }

  private async pollDeliveries(): Promise<void> {
    const staleAfter = this.lost.staleAfterSeconds();
    const destinations = await this.due.rooms(staleAfter);
    const share = shareOfDestination(destinations);
    this.shares.deliveries = share;
    this.rooms.deliveries = new Map(destinations.map((destination) => [destination.id, roomOf(destination, share)]));
    this.tell(destinations);
    if (this.rings) this.ringDeliveriesThatAreDue(await this.due.takeDeliveries(staleAfter, this.rooms.deliveries));
  }

  private get rings(): boolean {
    return this.takesDue && this.canRing;
  }

  private get canRing(): boolean {
    return this.ringer.connected && performance.now() >= this.pausedUntil;
  }

  private tell(destinations: readonly DestinationRoom[]): void {
    for (const { id, state, callsPerSecond } of destinations) {
      for (const one of DESTINATION_STATES) this.metrics.destinationState.set({ destination: id, state: one }, one === state ? 1 : 0);
      if (callsPerSecond === null) this.metrics.destinationPace.remove({ destination: id });
      else this.metrics.destinationPace.set({ destination: id }, callsPerSecond);
    }
  }

  private ringLeadsThatAreDue(rows: readonly DueLead[]): void {
    for (const { id, tenantId, alone } of rows) {
      this.rooms.leads.set(tenantId, (this.rooms.leads.get(tenantId) ?? 0) - 1);
      if (alone) this.ringer.leadAlone(id);
      else this.ringer.leads([id]);
    }
  }

  private ringDeliveriesThatAreDue(rows: readonly DueDelivery[]): void {
    for (const { id, destinationId } of rows) {
      this.rooms.deliveries.set(destinationId, (this.rooms.deliveries.get(destinationId) ?? 0) - 1);
      this.ringer.deliveries(destinationId, [id]);
    }
  }

  private async missed(kind: WorkKind, ids: readonly string[]): Promise<void> {
    this.pausedUntil = performance.now() + PAUSE_AFTER_MISS_MS;
    for (const id of ids) this.notGivenBack[kind].add(id);
    await this.giveBackMissed();
  }

  /** There are never more of them than were rung: while Postgres is away nothing is. */
  private async giveBackMissed(): Promise<void> {
    for (const kind of WORK_KINDS) {
      const ids = [...this.notGivenBack[kind]];
      if (ids.length === 0) continue;
      const given = await this.due.unring(kind, ids).then(
        () => true,
        // Postgres is away too: the next poll tries again. If this process ends before, they count as lost after a minute.
        () => false,
      );
      if (given) for (const id of ids) this.notGivenBack[kind].delete(id);
    }
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
