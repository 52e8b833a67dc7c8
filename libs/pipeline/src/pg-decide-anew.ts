import type { AuditEventInput } from '#audit';
import { type DeliveryId, isOpenDelivery, type LeadId, type PlannedDelivery } from '#core';
import type { PoolClient } from '#platform';
import { deliveryRow, type DecidedRow, type DeliveryRow } from './decided-row.js';
import { decideDeliveriesAnew, type DeliveriesAnew, type EarlierDelivery } from './decide-deliveries-anew.js';
import type { DecidedLead } from './lead-store.port.js';

/** A decision over a lead that was decided before, beside the rows that its journey adds. */
export interface DecidedAnew {
  readonly row: DecidedRow;
  /** To be inserted. */
  readonly deliveries: readonly DeliveryRow[];
  readonly changes: DeliveryChanges;
}

export interface DeliveryChanges {
  readonly reopened: readonly ReopenedRow[];
  readonly superseded: readonly EarlierRow[];
}

interface EarlierRow extends EarlierDelivery {
  readonly leadId: LeadId;
  readonly purpose: 'deliver' | 'fetch';
  /** Of the lead: somebody takes up many at once. */
  readonly bulk: boolean;
}

/** In the shape of the table. null: stays as it is. */
interface ReopenedRow {
  readonly id: DeliveryId;
  readonly from: string;
  readonly status: 'PENDING' | 'PERMANENTLY_FAILED';
  readonly destination_id: string;
  readonly content_type: string | null;
  readonly payload: string | null;
  readonly omitted_fields: readonly object[] | null;
  readonly last_error: string | null;
  readonly failure_class: string | null;
  readonly bulk: boolean;
}

/**
 * Deliveries of a lead that waits to be decided stand still: nothing of them is open, and nobody opens one while the lead is RECEIVED. So
 * what is read here holds as long as the compare-and-set of the decision does.
 */
const EARLIER = {
  name: 'earlier_deliveries',
  text: `select leads.id as "leadId", leads.bulk, deliveries.id, destination_id as "destinationId", purpose, epoch, deliveries.status,
                attempt_no as "attemptNo", content_type as "contentType", deliveries.payload, superseded_at is not null as superseded
           from leads left join deliveries on deliveries.lead_id = leads.id where leads.id = any($1::uuid[])`,
};

const REOPEN = {
  name: 'reopen_deliveries',
  text: `update deliveries
            set status = row.status, attempts_before = attempt_no, next_attempt_at = clock_timestamp(), rung_at = null, lease_until = null,
                finished_at = case when row.status = 'PERMANENTLY_FAILED' then clock_timestamp() end,
                hold_reason = null, last_error = row.last_error, failure_class = row.failure_class, superseded_at = null, bulk = row.bulk,
                content_type = coalesce(row.content_type, deliveries.content_type), payload = coalesce(row.payload, deliveries.payload),
                omitted_fields = coalesce(row.omitted_fields, deliveries.omitted_fields), updated_at = clock_timestamp()
           from jsonb_to_recordset($1::jsonb) as row (id uuid, "from" text, status text, content_type text, payload text, omitted_fields jsonb,
                last_error text, failure_class text, bulk boolean)
          where deliveries.id = row.id and deliveries.status = row."from"`,
};

const SUPERSEDE = {
  name: 'supersede_deliveries',
  text: `update deliveries set superseded_at = clock_timestamp(), updated_at = clock_timestamp()
          where id = any($1::uuid[]) and superseded_at is null and status not in ('PENDING', 'SENDING', 'RETRYING')`,
};

interface Decided {
  readonly decided: DecidedLead;
  readonly row: DecidedRow;
  readonly deliveries: readonly DeliveryRow[];
}

/** @returns by lead: what becomes of those among the decisions that are not their lead's first */
export async function decideAnew(client: PoolClient, items: readonly Decided[]): Promise<ReadonlyMap<LeadId, DecidedAnew>> {
  const again = items.filter(({ decided }) => decided.lead.journeyNo > 1);
  if (again.length === 0) return new Map();
  const { rows } = await client.query<EarlierRow>({ ...EARLIER, values: [again.map(({ row }) => row.id)] });
  return new Map(
    again.map((item) => {
      const ofLead = rows.filter(({ leadId }) => leadId === item.decided.lead.id);
      const isBulk = ofLead.some(({ bulk }) => bulk);
      const earlier = ofLead.filter(({ id }) => id !== null);
      return [item.decided.lead.id, anew(item, earlier, isBulk)];
    }),
  );
}

function anew({ decided, row, deliveries }: Decided, earlier: readonly EarlierRow[], bulk: boolean): DecidedAnew {
  const { outcome, facts } = decided.journey;
  const [sent, fetched] = [earlier.filter(({ purpose }) => purpose === 'deliver'), earlier.filter(({ purpose }) => purpose === 'fetch')];
  if (outcome.kind === 'hold') {
    // It is not decided yet what becomes of the lead; only a call that fetches it anew takes the place of the last one.
    const superseded = outcome.fetch === undefined ? [] : fetched.filter((call) => !call.superseded && !isOpenDelivery(call.status));
    return { row, deliveries: deliveries.map((call) => ({ ...call, bulk })), changes: { reopened: [], superseded } };
  }
  const plan = decideDeliveriesAnew(sent, outcome.kind === 'continue' ? (facts.plannedDeliveries ?? []) : []);
  const status = outcome.kind === 'continue' ? (plan.leadStatus ?? 'KEPT') : row.status;
  const added = plan.added.map(({ planned, epoch }) => ({ ...deliveryRow(decided.lead, planned, epoch), bulk }));
  return { row: { ...row, status }, deliveries: added, changes: changesOf(plan, sent, bulk) };
}

function changesOf(plan: DeliveriesAnew, rows: readonly EarlierRow[], bulk: boolean): DeliveryChanges {
  const superseded = rows.filter((row) => plan.superseded.includes(row));
  const reopened = plan.reopened.map(({ earlier: { id, status: from, destinationId }, replacedBy }) => ({
    id,
    from,
    destination_id: destinationId,
    ...contentOf(replacedBy),
    bulk,
  }));
  return { reopened, superseded };
}

function contentOf(planned: PlannedDelivery | null): Omit<ReopenedRow, 'id' | 'from' | 'destination_id' | 'bulk'> {
  if (planned === null)
    return { status: 'PENDING', content_type: null, payload: null, omitted_fields: null, last_error: null, failure_class: null };
  const { contentType, payload, omitted, failure } = planned;
  const failed = failure !== undefined;
  return {
    status: failed ? 'PERMANENTLY_FAILED' : 'PENDING',
    content_type: contentType,
    payload,
    omitted_fields: omitted,
    last_error: failure ?? null,
    failure_class: failed ? 'missing_field' : null,
  };
}

/** In the transaction of the decisions, after their compare-and-set. */
export async function writeChanges(client: PoolClient, changes: readonly DeliveryChanges[]): Promise<void> {
  const reopened = changes.flatMap((change) => change.reopened);
  const superseded = changes.flatMap((change) => change.superseded);
  if (superseded.length > 0) await client.query({ ...SUPERSEDE, values: [superseded.map(({ id }) => id)] });
  if (reopened.length > 0) await client.query({ ...REOPEN, values: [JSON.stringify(reopened)] });
}

export function changeEvents({ lead }: DecidedLead, { reopened, superseded }: DeliveryChanges): AuditEventInput[] {
  const { id: leadId, tenantId } = lead;
  const by = { tenantId, leadId, actor: 'pipeline' } as const;
  return [
    ...superseded.map(({ id, destinationId, epoch, status }): AuditEventInput => {
      return { ...by, deliveryId: id, type: 'delivery.superseded', from: status, detail: { destination: destinationId, epoch } };
    }),
    ...reopened.map(({ id, from, status, destination_id: destination, payload, last_error: reason }): AuditEventInput => {
      const type = status === 'PENDING' ? 'delivery.reopened' : 'delivery.failed';
      return { ...by, deliveryId: id, type, from, to: status, reason, detail: { destination, replaced: payload !== null } };
    }),
  ];
}
