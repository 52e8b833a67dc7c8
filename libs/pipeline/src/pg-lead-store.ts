import { type DestinationId, type DeliveryId, Doorbell, type JsonObject, type LeadId, type SourceId, type TenantId } from '#core';
import { CLAIM_WAIT_MS, claimSettings, ClaimsExpired, ClaimsUnavailable, clearExpiredClaims } from '#dedup';
import {
  Coalescer,
  failpoint,
  inTransaction,
  isConnectionLoss,
  type Metrics,
  type Pool,
  type PoolClient,
  UNRING,
  ROW_BY_ROW,
} from '#platform';
import { type DeliveryRow, isUrgent } from './decided-row.js';
import { type DecidedLead, type DecideResult, LeadStore, type LoadedLead } from './lead-store.port.js';
import { CLOSE_TENANTS, FIND_JOURNEYS, LOAD } from './pg-lead-statements.js';
import { type Item, itemOf, writeDecisions, type Written } from './pg-write-decisions.js';

/** Of claims that expired, within one flush; the next ones have to wait for theirs. */
const MAX_CLEARINGS = 3;

/** Loads of many jobs share one statement, and their decisions one transaction; see Coalescer for its rules. */
export class PgLeadStore extends LeadStore {
  private readonly loads: Coalescer<LeadId, LoadedLead | null>;
  private readonly decisions: Coalescer<Item, DecideResult>;

  /** @param claimWaitMs how long a claim waits for whoever is just writing the same one, before its lead goes on unchecked */
  constructor(
    private readonly pool: Pool,
    private readonly doorbell: Doorbell,
    metrics: Metrics,
    private readonly claimWaitMs = CLAIM_WAIT_MS,
  ) {
    super();
    this.loads = new Coalescer({ name: 'load', flush: (ids) => this.loadAll(ids, false), sortKey: (id) => id });
    this.decisions = new Coalescer({
      name: 'decide',
      flush: (batch) => this.flush(batch),
      sortKey: ({ row }) => row.id,
      bytes: ({ rowText }) => rowText.length,
      onFlush: metrics.flushOf('decide'),
    });
  }

  override async load(ids: readonly LeadId[], suspects: boolean): Promise<LoadedLead[]> {
    const loaded = suspects ? await this.loadAll(ids, true) : await this.loadTogether(ids);
    return loaded.filter((lead) => lead !== null);
  }

  /** The ids of one job may be in several loads. Where one of them fails nobody gets the leads of the others, so that they were loaded counts for nothing. */
  private async loadTogether(ids: readonly LeadId[]): Promise<(LoadedLead | null)[]> {
    const settled = await Promise.allSettled(ids.map((id) => this.loads.submit(id)));
    const loaded = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed === undefined) return loaded;
    const free = loaded.flatMap((lead) => lead?.id ?? []);
    if (free.length > 0) await this.forgive(free);
    throw failed.reason;
  }

  private async loadAll(ids: readonly LeadId[], suspects: boolean): Promise<(LoadedLead | null)[]> {
    const { rows } = await this.pool.query<{
      id: LeadId;
      tenant_id: TenantId;
      source_id: SourceId;
      native_id: string | null;
      request_id: string;
      received_at: Date;
      payload: JsonObject;
      flags: string[];
      journey_no: number;
      crash_count: number;
    }>({ ...LOAD, values: [[...ids].sort(), suspects] });
    const loaded = new Map(
      rows.map((row): [LeadId, LoadedLead] => [
        row.id,
        {
          id: row.id,
          tenantId: row.tenant_id,
          sourceId: row.source_id,
          nativeId: row.native_id,
          requestId: row.request_id,
          receivedAt: row.received_at,
          payload: row.payload,
          flags: row.flags,
          journeyNo: row.journey_no,
          crashCount: row.crash_count,
        },
      ]),
    );
    return ids.map((id) => loaded.get(id) ?? null);
  }

  override async unring(ids: readonly LeadId[]): Promise<void> {
    await this.pool.query({ ...UNRING.leads, values: [ids] });
  }

  override async forgive(ids: readonly LeadId[]): Promise<void> {
    await this.pool.query(
      `update leads set crash_count = greatest(crash_count - 1, 0), rung_at = null where id = any($1::uuid[]) and status = 'RECEIVED'`,
      [ids],
    );
  }

  /** The tenants first, so that nobody rings the leads again in between. */
  override async leaveWaiting(leads: readonly Pick<LoadedLead, 'id' | 'tenantId'>[]): Promise<readonly TenantId[]> {
    const { rows } = await this.pool.query<{ id: TenantId }>({ ...CLOSE_TENANTS, values: [leads.map(({ tenantId }) => tenantId)] });
    await this.forgive(leads.map(({ id }) => id));
    return rows.map(({ id }) => id);
  }

  override decide(decided: DecidedLead): Promise<DecideResult> {
    return this.decisions.submit(itemOf(decided));
  }

  override async drain(): Promise<void> {
    await this.loads.drain();
    await this.decisions.drain();
  }

  private async flush(items: readonly Item[]): Promise<DecideResult[]> {
    try {
      return await this.settle(items);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return this.settleLostFlush(items);
    }
  }

  /**
   * A connection that broke leaves open whether the commit took effect; the journeys tell by their ids. What is not there is written once
   * more: a sender who waits for the verdict would otherwise wait until the relay takes the lead up.
   */
  private async settleLostFlush(items: readonly Item[]): Promise<DecideResult[]> {
    const { rows } = await this.pool.query<{ id: string }>({ ...FIND_JOURNEYS, values: [items.map(({ row }) => row.journey_id)] });
    const stored = new Set(rows.map(({ id }) => id));
    this.ring(items.flatMap(({ row, deliveries }) => (stored.has(row.journey_id) ? deliveries : [])));
    const open = items.filter(({ row }) => !stored.has(row.journey_id));
    const results = open.length === 0 ? [] : await this.settle(open);
    const settled = new Map(open.map((item, index) => [item, results[index] as DecideResult]));
    return items.map((item) => settled.get(item) ?? 'decided');
  }

  private async settle(items: readonly Item[]): Promise<DecideResult[]> {
    return (await this.commitIfClaimable(items)) ?? this.settleApart(items);
  }

  /**
   * One claim that is held up would leave its whole batch unchecked, so each half is tried by itself, down to the lead that asks for it.
   * Where neither half can claim it is not one lead's claim: they all go without. Of 100 leads one costs 7 time-outs, all of them 3.
   */
  private async settleApart(items: readonly Item[]): Promise<DecideResult[]> {
    const claiming = items.filter(({ claims }) => claims !== null);
    const middle = claiming[claiming.length >> 1];
    if (claiming.length < 2 || middle === undefined) return this.commitWithoutClaims(items);
    const [left, right] = [items.slice(0, items.indexOf(middle)), items.slice(items.indexOf(middle))];
    const [first, second] = [await this.commitIfClaimable(left), await this.commitIfClaimable(right)];
    if (first === null && second === null) return this.commitWithoutClaims(items);
    return [...(first ?? (await this.settleApart(left))), ...(second ?? (await this.settleApart(right)))];
  }

  /** @returns null: some claim among them could not be written in time, and nothing was */
  private async commitIfClaimable(items: readonly Item[]): Promise<DecideResult[] | null> {
    for (let round = 1; ; round += 1) {
      try {
        return await this.commit(items);
      } catch (error) {
        if (error instanceof ClaimsUnavailable) return null;
        if (!(error instanceof ClaimsExpired)) throw error;
        if (round >= MAX_CLEARINGS || !(await this.cleared(error))) return null;
      }
    }
  }

  private async cleared(expired: ClaimsExpired): Promise<boolean> {
    return clearExpiredClaims(this.pool, expired, this.claimWaitMs).then(
      () => true,
      () => false,
    );
  }

  /** Leads that claim nothing have nothing to do with claims that cannot be written. */
  private async commitWithoutClaims(items: readonly Item[]): Promise<DecideResult[]> {
    const others = items.filter(({ claims }) => claims === null);
    const results = others.length === 0 ? [] : await this.commit(others);
    const settled = new Map(others.map((item, index) => [item, results[index] as DecideResult]));
    return items.map((item) => settled.get(item) ?? 'claims_unavailable');
  }

  private async commit(items: readonly Item[]): Promise<DecideResult[]> {
    const rung = this.reserve(items.flatMap(({ deliveries }) => deliveries));
    const write = async (client: PoolClient): Promise<Written> => {
      const written = await writeDecisions(client, items, rung);
      await failpoint('decide_before_commit');
      return written;
    };
    const claiming = items.some(({ claims }) => claims !== null);
    const { lost, winners } = await inTransaction(
      this.pool,
      write,
      claiming ? [...claimSettings(this.claimWaitMs), ...ROW_BY_ROW] : ROW_BY_ROW,
    );
    await failpoint('decide_after_commit');
    this.ring(winners.flatMap(({ deliveries }) => deliveries.filter(({ destination_id }) => rung.has(destination_id))));
    const won = new Set(winners.map(({ row }) => row.id));
    return items.map((item) => (lost.has(item.decided.lead.id) ? 'claim_lost' : won.has(item.row.id) ? 'decided' : 'decided_elsewhere'));
  }

  /** @returns the destinations whose deliveries may be written as rung */
  private reserve(deliveries: readonly DeliveryRow[]): ReadonlySet<string> {
    const wanted = urgentByDestination(deliveries);
    return new Set([...wanted].filter(([id, ids]) => this.doorbell.reserveDeliveries(id, ids.length)).map(([id]) => id));
  }

  private ring(deliveries: readonly DeliveryRow[]): void {
    for (const [destinationId, ids] of urgentByDestination(deliveries)) this.doorbell.ringDeliveries(destinationId, ids);
  }
}

function urgentByDestination(deliveries: readonly DeliveryRow[]): Map<DestinationId, DeliveryId[]> {
  const found = new Map<DestinationId, DeliveryId[]>();
  for (const { id, destination_id } of deliveries.filter(isUrgent)) {
    const destinationId = destination_id as DestinationId;
    const ids = found.get(destinationId);
    if (ids === undefined) found.set(destinationId, [id]);
    else ids.push(id);
  }
  return found;
}
