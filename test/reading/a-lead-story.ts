import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';

/** What a story is made of; everything else is filled in. */
export interface Story {
  readonly tenant: string;
  readonly status?: string;
  readonly receivedAt?: string;
  readonly holdReason?: string;
  readonly reasonCodes?: string[];
  readonly rejectionReason?: string;
  /** JSON text, so that it can hold what JavaScript's numbers cannot. */
  readonly payload?: string;
  readonly source?: string;
}

export async function aTenant(client: pg.ClientBase, tenant: string): Promise<void> {
  await client.query(`INSERT INTO tenants (id, name) VALUES ($1, $1)`, [tenant]);
  for (const name of ['webhook', 'form']) {
    await client.query(`INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ($1, $2, $3, 'json', $4)`, [
      `${tenant}/${name}`,
      tenant,
      name,
      `/webhooks/${tenant}/${name}`,
    ]);
  }
  await client.query(`INSERT INTO destinations (id, tenant_id, name, kind) VALUES ($1, $2, 'customer-api', 'http')`, [
    `${tenant}/customer-api`,
    tenant,
  ]);
  await client.query(
    `INSERT INTO config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
     VALUES ($1, $2, 3, 2, 1, '{}', 'none', 'file', true)`,
    [uuidv7(), tenant],
  );
}

/** @returns the lead's id */
export async function aLead(client: pg.ClientBase, story: Story): Promise<string> {
  const id = uuidv7({ msecs: story.receivedAt === undefined ? Date.now() : Date.parse(story.receivedAt) });
  const source = `${story.tenant}/${story.source ?? 'webhook'}`;
  await client.query(
    `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
     VALUES ($1, $2, $3, '/webhooks/leads', 'accepted', 200, '{}', 'req-1', $1, '', '', 0, '')`,
    [id, story.tenant, source],
  );
  await client.query(
    `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, received_at, status, hold_reason, decision, reason_codes,
                        rejection_reason, payload, normalized_payload, journey_no)
     VALUES ($1, $2, $3, $1, $1, 'req-1', coalesce($4, clock_timestamp()), $5, $6, 'PASS', $7, $8, $9::jsonb, '{"email":"a@b.de"}', 1)`,
    [
      id,
      story.tenant,
      source,
      story.receivedAt ?? null,
      story.status ?? 'RECEIVED',
      story.holdReason ?? null,
      story.reasonCodes ?? [],
      story.rejectionReason ?? null,
      story.payload ?? '{"email":" A@b.de "}',
    ],
  );
  return id;
}

/** A decided lead with a delivery that failed once and was then taken. */
export async function aDeliveredLead(client: pg.ClientBase, story: Story, customerPayload: string): Promise<string> {
  const id = await aLead(client, { ...story, status: 'DELIVERED' });
  const stages = [
    { stage: 'trim', verdict: 'continue', reasons: [], durationMicros: 5 },
    {
      stage: 'map',
      verdict: 'continue',
      reasons: [{ code: 'ATTRIBUTE_OMITTED', detail: 'solar_roof_age: not one of its values' }],
      durationMicros: 9,
    },
  ];
  await client.query(
    `INSERT INTO journeys (id, tenant_id, lead_id, journey_no, outcome, decision, stages, config_version_id, duration_micros)
     SELECT $1, $2, $3, 1, 'continue', 'PASS', $4, id, 20 FROM config_versions WHERE tenant_id = $2`,
    [uuidv7(), story.tenant, id, JSON.stringify(stages)],
  );
  const deliveryId = uuidv7();
  await client.query(
    `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, status, idempotency_key, content_type, payload, omitted_fields, attempt_no, crm_record_id, finished_at)
     VALUES ($1, $2, $3, $4, 'DELIVERED', 'key-1', 'application/json', $5, $6, 2, 'crm-7', clock_timestamp())`,
    [
      deliveryId,
      story.tenant,
      id,
      `${story.tenant}/customer-api`,
      customerPayload,
      JSON.stringify([{ field: 'solar_roof_age', code: 'ATTRIBUTE_OMITTED', detail: 'not one of its values' }]),
    ],
  );
  await client.query(
    `INSERT INTO delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id, started_at, finished_at, sent_state, outcome, status_code, error_message, duration_ms)
     VALUES ($1, 1, $2, $3, '2026-11-22T08:00:01Z', '2026-11-22T08:00:02Z', 'answered', 'retry', 500, 'Server error: 500', 12),
            ($1, 2, $2, $3, '2026-11-22T08:00:31Z', '2026-11-22T08:00:32Z', 'answered', 'delivered', 201, NULL, 15)`,
    [deliveryId, story.tenant, id],
  );
  const events = [
    ['lead.received', null, 'RECEIVED', 'source:demo/webhook', null],
    ['lead.decided', 'RECEIVED', 'READY', 'pipeline', null],
    ['delivery.retry_scheduled', 'SENDING', 'RETRYING', 'delivery', 'HTTP 500'],
    ['lead.status', 'READY', 'FAILED', 'delivery', 'HTTP 500'],
    ['lead.status', 'FAILED', 'DELIVERED', 'delivery', null],
  ];
  for (const [type, from, to, actor, reason] of events) {
    await client.query(
      `INSERT INTO audit_events (id, tenant_id, lead_id, type, from_status, to_status, actor, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [uuidv7(), story.tenant, id, type, from, to, actor, reason],
    );
  }
  return id;
}
