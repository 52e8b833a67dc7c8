import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { appendAuditEvents } from '#audit';
import type { LeadId, SourceId, TenantId } from '#core';
import { newId } from '#platform';

const VERSION = '00000000-0000-7000-8000-000000000001';

export async function aTenant(pool: pg.Pool, tenant: string, sources: readonly string[] = ['in', 'form']): Promise<void> {
  await pool.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [tenant]);
  for (const name of sources) {
    await pool.query("INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ($1, $2, $3, 'json', $4)", [
      `${tenant}/${name}`,
      tenant,
      name,
      `/in/${tenant}/${name}`,
    ]);
  }
  await pool.query("INSERT INTO destinations (id, tenant_id, name, kind) VALUES ($1, $2, 'crm', 'http')", [`${tenant}/crm`, tenant]);
  await pool.query(
    `INSERT INTO config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
     VALUES ($1, $2, 1, 1, 1, '{}', 'none', 'file', true)`,
    [tenant === 'acme' ? VERSION : randomUUID(), tenant],
  );
}

export interface LeadStory {
  readonly status?: string;
  readonly source?: string;
  readonly holdReason?: string;
  readonly rejection?: string;
  /** The delivery's status; absent: as goes with the lead's; null: none. */
  readonly delivery?: string | null;
  readonly purpose?: 'deliver' | 'fetch';
  /** Of the receipt in the trail. */
  readonly receipt?: boolean;
  readonly journey?: boolean;
  readonly superseded?: boolean;
  readonly answered?: boolean;
  readonly decidedBefore?: boolean;
}

const DELIVERY_OF: Readonly<Record<string, string>> = {
  READY: 'PENDING',
  FAILED: 'RETRYING',
  DELIVERED: 'DELIVERED',
  PERMANENTLY_FAILED: 'PERMANENTLY_FAILED',
};

/** A lead of tenant acme with everything that goes with its status. @returns its id */
export async function aLead(pool: pg.Pool, story: LeadStory = {}): Promise<LeadId> {
  const { status = 'RECEIVED', source = 'in', holdReason = null, rejection = null, receipt = true } = story;
  const id = newId() as LeadId;
  const request = await aRequest(pool, { source });
  await pool.query(
    `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, status, hold_reason, rejection_reason, payload)
     VALUES ($1, 'acme', $2, $3, $4, 'r', $5, $6, $7, '{}')`,
    [id, `acme/${source}`, request, randomUUID(), status, holdReason, rejection],
  );
  const tenantId = 'acme' as TenantId;
  if (receipt) {
    const sourceId = `acme/${source}` as SourceId;
    await appendAuditEvents(pool, [{ tenantId, leadId: id, type: 'lead.received', to: 'RECEIVED', actor: `source:${sourceId}` }]);
  }
  if (status !== 'RECEIVED')
    await appendAuditEvents(pool, [{ tenantId, leadId: id, type: 'lead.status', from: 'RECEIVED', to: status, actor: 'pipeline' }]);
  if (story.journey ?? !['RECEIVED', 'HELD', 'ERASED'].includes(status)) {
    await pool.query(
      `INSERT INTO journeys (id, tenant_id, lead_id, journey_no, outcome, decision, stages, config_version_id, duration_micros)
       VALUES ($1, 'acme', $2, 1, 'continue', 'PASS', '[]', $3, 1)`,
      [newId(), id, VERSION],
    );
  }
  const delivery = story.delivery === undefined ? (DELIVERY_OF[status] ?? null) : story.delivery;
  if (delivery !== null) await aDelivery(pool, id, delivery, story);
  return id;
}

export async function aDelivery(
  pool: pg.Pool,
  leadId: string,
  status: string,
  { purpose = 'deliver', superseded = false, answered = true, epoch = 1 }: LeadStory & { readonly epoch?: number } = {},
): Promise<void> {
  const id = newId();
  await pool.query(
    `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, epoch, purpose, status, idempotency_key, content_type, payload, finished_at, superseded_at)
     VALUES ($1, 'acme', $2, 'acme/crm', $3, $4, $5, 'k', 'application/json', '{}',
             CASE WHEN $5 IN ('DELIVERED', 'PERMANENTLY_FAILED') THEN clock_timestamp() END, CASE WHEN $6 THEN clock_timestamp() END)`,
    [id, leadId, epoch, purpose, status, superseded],
  );
  if (status !== 'DELIVERED' || !answered) return;
  await pool.query(
    `INSERT INTO delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id, finished_at, sent_state, outcome, status_code)
     VALUES ($1, 1, 'acme', $2, clock_timestamp(), 'answered', 'delivered', 201)`,
    [id, leadId],
  );
}

export async function aRequest(
  pool: pg.Pool,
  { source = 'in' as string | null, verdict = 'accepted', released = false } = {},
): Promise<string> {
  const id = newId();
  await pool.query(
    `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256, released_at)
     VALUES ($1, $2, $3, '/in', $4, 200, '{}', 'r', $5, '', '', 0, '', CASE WHEN $6 THEN clock_timestamp() END)`,
    [id, source === null ? null : 'acme', source === null ? null : `acme/${source}`, verdict, randomUUID(), released],
  );
  return id;
}
