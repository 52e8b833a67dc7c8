import { appendAuditEvents, type AuditActor, type AuditEventInput } from '#audit';
import {
  deliveryIdempotencyKey,
  type DeliveryId,
  type JsonObject,
  type LeadId,
  type LeadStatus,
  replayTransition,
  type TenantId,
} from '#core';
import { newId, type PoolClient } from '#platform';
import { type DeliveryStanding, type LeadPlan, type LeadStanding, type LeadWish, planLeadReplay } from './plan-lead-replay.js';
import type { ItemOutcome, ReplayId } from './replay.js';

/** Who wants it, why, and as part of what. */
export interface Behalf {
  readonly actor: AuditActor;
  readonly reason: string;
  /** null: this lead alone. */
  readonly replayId: ReplayId | null;
}

/** What one lead came to. `tenantId`: whose it is. */
export interface LeadReplayed {
  readonly tenantId: TenantId;
  readonly outcome: ItemOutcome;
  readonly status: LeadStatus;
  readonly deliveryIds: readonly DeliveryId[];
}

/**
 * In the order of ids, as whoever changes what deliveries say about a lead takes them. `passedOn` only matters where duplicates are kept
 * out: there a lead that failed for good gave its claims away, and who has them now was let through in its place.
 */
const LOCK_LEADS = {
  name: 'lock_leads_to_replay',
  text: `select lead.id, lead.tenant_id as "tenantId", lead.status, lead.hold_reason as "holdReason",
                exists (select from config_versions version
                         where version.tenant_id = lead.tenant_id and version.active
                           and version.content -> 'dedup' ->> 'on_duplicate' in ('hold', 'reject'))
                and exists (select from identity_claims claim
                             where claim.tenant_id = lead.tenant_id and claim.lead_id <> lead.id and claim.expires_at > clock_timestamp()
                               and (claim.kind = 'email' and claim.fingerprint = lead.email_fingerprint
                                    or claim.kind = 'phone' and claim.fingerprint = lead.phone_fingerprint)) as "passedOn"
           from leads lead where lead.id = any($1::uuid[]) and ($2::text is null or lead.tenant_id = $2)
          order by lead.id for no key update`,
};

/** A statement of its own, after the locks: it sees what was committed while they were waited for. */
const READ_DELIVERIES = {
  name: 'read_deliveries_to_replay',
  text: `select id, lead_id as "leadId", destination_id as "destinationId", purpose, epoch, status, attempt_no as "attemptNo",
                attempts_before as "attemptsBefore", hold_reason as "holdReason", failure_class as "failureClass", payload <> '' as mapped,
                superseded_at is not null as superseded
           from deliveries where lead_id = any($1::uuid[])`,
};

/** The payload, its key and the epoch stay. What is due is rung by the relay's poll, which rings work for many leads last. */
const REOPEN = {
  name: 'redeliver',
  text: `update deliveries
            set status = 'PENDING', attempts_before = attempt_no, next_attempt_at = clock_timestamp(), rung_at = null, lease_until = null,
                finished_at = null, hold_reason = null, failure_class = null, last_error = null, bulk = $2, updated_at = clock_timestamp()
          where id = any($1::uuid[]) and status in ('HELD', 'PERMANENTLY_FAILED') and superseded_at is null`,
};

const SEND_AS_NEW = {
  name: 'send_as_new',
  text: `with row as (select * from jsonb_to_recordset($1::jsonb) as row (id uuid, from_id uuid, epoch int, idempotency_key text)),
              superseded as (
                update deliveries set superseded_at = clock_timestamp(), updated_at = clock_timestamp() from row
                 where deliveries.id = row.from_id)
         insert into deliveries (id, tenant_id, lead_id, destination_id, purpose, epoch, idempotency_key, content_type, payload, omitted_fields, bulk)
         select row.id, tenant_id, lead_id, destination_id, purpose, row.epoch, row.idempotency_key, content_type, payload, omitted_fields, $2
           from row join deliveries earlier on earlier.id = row.from_id`,
};

const MOVE_LEADS = {
  name: 'move_replayed_leads',
  text: `update leads set status = row."to", hold_reason = null, hold_until = null, updated_at = clock_timestamp()
           from jsonb_to_recordset($1::jsonb) as row (id uuid, "from" text, "to" text)
          where leads.id = row.id and leads.status = row."from"`,
};

/**
 * Who waits for the index keeps the end of its wait. What took processes down is given its chances anew: the count is of a lead as it
 * was before somebody looked at it.
 */
const REPROCESS = {
  name: 'reprocess_leads',
  text: `update leads
            set status = 'RECEIVED', hold_until = case when hold_reason = 'index_unavailable' then hold_until end, hold_reason = null,
                rejection_reason = null, duplicate_of = null, crash_count = 0, rung_at = null, claimed_until = null, bulk = $2,
                updated_at = clock_timestamp()
          where id = any($1::uuid[]) and status = any($3::text[])`,
};

interface Planned {
  readonly lead: LeadStanding;
  readonly plan: LeadPlan;
}

/**
 * Takes leads up again, in the caller's transaction: the effect and the word of it are committed together or not at all.
 * @param tenantId whose leads may be touched; null: anybody's
 * @returns by lead; one that is unknown or another tenant's is not there
 */
export async function replayLeads(
  client: PoolClient,
  wish: LeadWish,
  { leadIds, tenantId, behalf }: { readonly leadIds: readonly LeadId[]; readonly tenantId: TenantId | null; readonly behalf: Behalf },
): Promise<ReadonlyMap<LeadId, LeadReplayed>> {
  const { rows: leads } = await client.query<LeadStanding>({ ...LOCK_LEADS, values: [leadIds, tenantId] });
  const { rows: deliveries } = await client.query<DeliveryStanding>({ ...READ_DELIVERIES, values: [leads.map(({ id }) => id)] });
  const planned = leads.map((lead) => ({ lead, plan: planOf(lead, deliveries, wish) }));
  const bulk = behalf.replayId !== null;
  const sent = await writeSends(client, planned, bulk);
  await writeReprocessed(client, planned, bulk);
  await appendAuditEvents(
    client,
    planned.flatMap((one) => eventsOf(one, { wish, behalf, sent: sent.get(one.lead.id) ?? [] })),
  );
  return new Map(planned.map((one) => [one.lead.id, replayedOf(one, sent.get(one.lead.id) ?? [])]));
}

function planOf(lead: LeadStanding, deliveries: readonly DeliveryStanding[], wish: LeadWish): LeadPlan {
  return planLeadReplay(
    lead,
    deliveries.filter(({ leadId }) => leadId === lead.id),
    wish,
  );
}

/** A delivery that waits again, or a new one. */
interface SentDelivery {
  readonly id: DeliveryId;
  readonly from: DeliveryStanding;
  readonly epoch: number;
}

async function writeSends(client: PoolClient, planned: readonly Planned[], bulk: boolean): Promise<ReadonlyMap<LeadId, SentDelivery[]>> {
  const sends = planned.flatMap(({ lead, plan }) => (plan.kind === 'send' ? [{ lead, plan }] : []));
  const reopened = sends.flatMap(({ plan }) => plan.reopened.map((from) => ({ id: from.id, from, epoch: from.epoch })));
  const anew = sends.flatMap(({ plan }) => plan.anew.map(({ from, epoch }) => ({ id: newId() as DeliveryId, from, epoch })));
  if (reopened.length > 0) await client.query({ ...REOPEN, values: [reopened.map(({ id }) => id), bulk] });
  if (anew.length > 0) await client.query({ ...SEND_AS_NEW, values: [JSON.stringify(anew.map((one) => rowOf(one, sends))), bulk] });
  const moves = sends.flatMap(({ lead, plan }) =>
    plan.leadStatus === lead.status ? [] : [{ id: lead.id, from: lead.status, to: plan.leadStatus }],
  );
  if (moves.length > 0) await client.query({ ...MOVE_LEADS, values: [JSON.stringify(moves)] });
  const sent = new Map<LeadId, SentDelivery[]>();
  for (const one of [...reopened, ...anew]) sent.set(one.from.leadId, [...(sent.get(one.from.leadId) ?? []), one]);
  return sent;
}

function rowOf({ id, from, epoch }: SentDelivery, sends: readonly { readonly lead: LeadStanding }[]): object {
  const { leadId, destinationId } = from;
  const tenantId = (sends.find(({ lead }) => lead.id === leadId) as { readonly lead: LeadStanding }).lead.tenantId;
  return { id, from_id: from.id, epoch, idempotency_key: deliveryIdempotencyKey({ tenantId, leadId, destinationId, epoch }) };
}

async function writeReprocessed(client: PoolClient, planned: readonly Planned[], bulk: boolean): Promise<void> {
  const ids = planned.flatMap(({ lead, plan }) => (plan.kind === 'reprocess' ? [lead.id] : []));
  if (ids.length > 0) await client.query({ ...REPROCESS, values: [ids, bulk, replayTransition('reprocess').from] });
}

function replayedOf({ lead, plan }: Planned, sent: readonly SentDelivery[]): LeadReplayed {
  const { tenantId } = lead;
  if (plan.kind === 'skip') return { tenantId, outcome: { kind: 'skipped', cause: plan.cause }, status: lead.status, deliveryIds: [] };
  const status = plan.kind === 'reprocess' ? replayTransition('reprocess').to : plan.leadStatus;
  return { tenantId, outcome: { kind: 'replayed' }, status, deliveryIds: sent.map(({ id }) => id) };
}

const LEAD_EVENTS = { redeliver: 'lead.redelivered', reprocess: 'lead.reprocessed', send_as_new: 'lead.sent_as_new' } as const;

function eventsOf(
  { lead, plan }: Planned,
  { wish, behalf, sent }: { readonly wish: LeadWish; readonly behalf: Behalf; readonly sent: readonly SentDelivery[] },
): AuditEventInput[] {
  if (plan.kind === 'skip') return [];
  const { actor, reason, replayId } = behalf;
  const by = { tenantId: lead.tenantId, leadId: lead.id, actor, reason };
  const detail: JsonObject = replayId === null ? {} : { replayId };
  const to = plan.kind === 'reprocess' ? replayTransition('reprocess').to : plan.leadStatus;
  const moved = to === lead.status ? [] : [{ ...by, type: LEAD_EVENTS[wish.kind], from: lead.status, to, detail }];
  return [...sent.flatMap((one) => deliveryEvents(one, by, detail)), ...moved];
}

function deliveryEvents(
  { id, from, epoch }: SentDelivery,
  by: Pick<AuditEventInput, 'tenantId' | 'leadId' | 'actor' | 'reason'>,
  detail: JsonObject,
): AuditEventInput[] {
  const of = { ...detail, destination: from.destinationId, epoch };
  if (id === from.id) return [{ ...by, deliveryId: id, type: 'delivery.reopened', from: from.status, to: 'PENDING', detail: of }];
  const superseded = { ...detail, destination: from.destinationId, epoch: from.epoch };
  return [
    { ...by, deliveryId: from.id, type: 'delivery.superseded', from: from.status, detail: superseded },
    { ...by, deliveryId: id, type: 'delivery.planned', to: 'PENDING', detail: of },
  ];
}
