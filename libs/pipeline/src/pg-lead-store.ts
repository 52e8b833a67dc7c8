import { appendAuditEvents } from '#audit';
import { type DestinationId, type DeliveryId, Doorbell, type JsonObject, type LeadId, type SourceId, type TenantId } from '#core';
import { Coalescer, inTransaction, type Metrics, type Pool, type PoolClient } from '#platform';
import { type DecidedRow, decidedRow, decisionEvents, type DeliveryRow, deliveryRows } from './decided-row.js';
import { type DecidedLead, type DecideResult, LeadStore, type LoadedLead } from './lead-store.port.js';

/**
 * The commit does not wait for the disk: what Postgres itself may lose when it dies is the count of this load, and no lead was in a
 * process that died then. `found` looks the rows up by id, because Postgres would rather read the whole index of due leads.
 */
const LOAD = {
  name: 'load_leads',
  text: `with found as materialized (select id, status from leads where id = any($1::uuid[]) order by id for no key update),
              relaxed as materialized (select set_config('synchronous_commit', 'off', true) as setting)
         update leads set crash_count = crash_count + 1
           from found, relaxed
          where leads.id = found.id and found.status = 'RECEIVED' and relaxed.setting = 'off'
      returning leads.id, tenant_id, source_id, native_id, request_id, received_at, payload, flags, journey_no + 1 as journey_no, crash_count - 1 as crash_count`,
};

/** The compare-and-set: a lead that another process decided meanwhile is not returned, and nothing is written for it. */
const DECIDE = {
  name: 'decide_leads',
  text: `update leads
            set status = row.status, hold_reason = row.hold_reason,
                hold_until = clock_timestamp() + make_interval(secs => row.hold_seconds),
                decision = row.decision, reason_codes = row.reason_codes, rejection_reason = row.rejection_reason,
                normalized_payload = row.normalized_payload, config_version_id = row.config_version_id, duplicate_of = row.duplicate_of,
                duplicate_check_skipped = row.duplicate_check_skipped,
                journey_no = row.journey_no, crash_count = 0, claimed_until = null, rung_at = null, updated_at = clock_timestamp()
           from jsonb_to_recordset($1::jsonb) as row (id uuid, status text, hold_reason text, hold_seconds float8, decision text,
                reason_codes text[], rejection_reason text, normalized_payload jsonb, config_version_id uuid, duplicate_of uuid,
                duplicate_check_skipped boolean, journey_no int)
          where leads.id = row.id and leads.status = 'RECEIVED' and leads.journey_no = row.journey_no - 1
      returning leads.id`,
};

const INSERT_JOURNEYS = {
  name: 'insert_journeys',
  text: `insert into journeys (id, tenant_id, lead_id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                               duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped)
         select journey_id, tenant_id, id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped
           from jsonb_to_recordset($1::jsonb) as row (journey_id uuid, tenant_id text, id uuid, journey_no int, outcome text, reason text,
                decision text, reason_codes text[], stages jsonb, config_version_id uuid, duration_micros int,
                duplicate_of uuid, duplicate_matched_on text, duplicate_seen_at timestamptz, duplicate_check_skipped boolean)`,
};

const INSERT_DELIVERIES = {
  name: 'insert_deliveries',
  text: `insert into deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload, omitted_fields, rung_at)
         select id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload, omitted_fields, case when $2 then clock_timestamp() end
           from jsonb_to_recordset($1::jsonb) as row (id uuid, tenant_id text, lead_id uuid, destination_id text, idempotency_key text,
                content_type text, payload text, omitted_fields jsonb)`,
};

const INSERT_CRM_LEADS = {
  name: 'insert_crm_leads',
  text: `insert into crm_leads (lead_id, tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer, phone, sourcetype)
         select lead_id, tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer, phone, sourcetype
           from jsonb_to_recordset($1::jsonb) as row (lead_id uuid, tenant_id text, click_id text, country text, creo text, description text,
                domain text, email text, first_name text, ip text, lang text, last_name text, marker text, offer text, phone text, sourcetype text)
         on conflict (lead_id) do nothing`,
};

const HOLD_AS_POISON = `
  update leads set status = 'HELD', hold_reason = 'poison', hold_until = null, rung_at = null, updated_at = clock_timestamp()
   where id = $1 and status = 'RECEIVED' returning id`;

/** Decisions of many jobs share one transaction; see Coalescer for its rules. */
export class PgLeadStore extends LeadStore {
  private readonly decisions: Coalescer<DecidedLead, DecideResult>;

  constructor(
    private readonly pool: Pool,
    private readonly doorbell: Doorbell,
    metrics: Metrics,
  ) {
    super();
    this.decisions = new Coalescer({
      name: 'decide',
      flush: (batch) => this.flush(batch),
      sortKey: ({ lead }) => lead.id,
      onFlush: metrics.flushOf('decide'),
    });
  }

  override async load(ids: readonly LeadId[]): Promise<LoadedLead[]> {
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
    }>({ ...LOAD, values: [[...ids].sort()] });
    return rows.map((row) => ({
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
    }));
  }

  override async forgive(ids: readonly LeadId[]): Promise<void> {
    await this.pool.query(
      `update leads set crash_count = greatest(crash_count - 1, 0), rung_at = null where id = any($1::uuid[]) and status = 'RECEIVED'`,
      [ids],
    );
  }

  override async postpone(id: LeadId, seconds: number): Promise<void> {
    await this.pool.query(
      `update leads set crash_count = greatest(crash_count - 1, 0), rung_at = null, claimed_until = clock_timestamp() + make_interval(secs => $2)
        where id = $1 and status = 'RECEIVED'`,
      [id, seconds],
    );
  }

  override decide(decided: DecidedLead): Promise<DecideResult> {
    return this.decisions.submit(decided);
  }

  override async holdAsPoison(lead: LoadedLead): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      const { rowCount } = await client.query(HOLD_AS_POISON, [lead.id]);
      if (rowCount === 0) return;
      await appendAuditEvents(client, [
        {
          tenantId: lead.tenantId,
          leadId: lead.id,
          type: 'lead.held',
          from: 'RECEIVED',
          to: 'HELD',
          actor: 'pipeline',
          reason: 'poison',
          detail: { crashCount: lead.crashCount },
        },
      ]);
    });
  }

  override async drain(): Promise<void> {
    await this.decisions.drain();
  }

  private async flush(batch: readonly DecidedLead[]): Promise<DecideResult[]> {
    const rows = batch.map((decided) => ({ decided, row: decidedRow(decided), deliveries: deliveryRows(decided) }));
    const count = rows.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    const rung = count > 0 && this.doorbell.reserve('deliveries', count);
    const written = await inTransaction(this.pool, async (client) => {
      const won = await decideRows(
        client,
        rows.map(({ row }) => row),
      );
      const winners = rows.filter(({ row }) => won.has(row.id));
      await writeRows(
        client,
        INSERT_JOURNEYS,
        winners.map(({ row }) => row),
      );
      await writeRows(
        client,
        INSERT_DELIVERIES,
        winners.flatMap(({ deliveries }) => deliveries),
        rung,
      );
      await writeRows(
        client,
        INSERT_CRM_LEADS,
        winners.flatMap(({ decided }) => crmRows(decided)),
      );
      await appendAuditEvents(
        client,
        winners.flatMap(({ row, deliveries }) => decisionEvents(row, deliveries)),
      );
      return winners;
    });
    if (rung) this.ring(written.flatMap(({ deliveries }) => deliveries));
    const won = new Set(written.map(({ row }) => row.id));
    return rows.map(({ row }) => (won.has(row.id) ? 'decided' : 'decided_elsewhere'));
  }

  private ring(deliveries: readonly DeliveryRow[]): void {
    const byDestination = new Map<string, DeliveryId[]>();
    for (const { id, destination_id } of deliveries) byDestination.set(destination_id, [...(byDestination.get(destination_id) ?? []), id]);
    for (const [destinationId, ids] of byDestination) this.doorbell.ringDeliveries(destinationId as DestinationId, ids);
  }
}

async function decideRows(client: PoolClient, rows: readonly DecidedRow[]): Promise<Set<string>> {
  const won = await client.query<{ id: string }>({ ...DECIDE, values: [JSON.stringify(rows)] });
  return new Set(won.rows.map(({ id }) => id));
}

async function writeRows(
  client: PoolClient,
  statement: { name: string; text: string },
  rows: readonly object[],
  ...more: unknown[]
): Promise<void> {
  if (rows.length > 0) await client.query({ ...statement, values: [JSON.stringify(rows), ...more] });
}

function crmRows({ lead, journey }: DecidedLead): object[] {
  const columns = journey.outcome.kind === 'continue' ? journey.facts.crmColumns : null;
  return columns ? [{ lead_id: lead.id, tenant_id: lead.tenantId, ...columns }] : [];
}
