import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { sourceIdOf, type InboundRequestId, type JsonObject, type SourceConfig, type TenantId } from '#core';
import { createPgPool, newId, type PgPoolOptions, type Pool } from '#platform';
import { AcceptLead } from '../../libs/ingestion/src/accept/accept-lead.js';
import { leadItemsOf } from '../../libs/ingestion/src/accept/lead-items.js';
import type { InboundRequest, LeadSubmission } from '../../libs/ingestion/src/accept/submission.js';
import { isRefusal } from '../../libs/ingestion/src/body/refusal.js';
import { RecordingDoorbell } from './recording-doorbell.js';
import type { TestDatabase } from './test-database.js';
import { UNHURRIED } from './unhurried.js';

export const TENANT = 'demo' as TenantId;

/** One process's way into the database, without anything in front of it. */
export interface Accepting {
  readonly accept: AcceptLead;
  readonly doorbell: RecordingDoorbell;
  readonly pool: Pool;
  close(): Promise<void>;
}

export function startAccepting(url: string, limits: Partial<PgPoolOptions> = {}): Accepting {
  const pool = createPgPool({ url, applicationName: 'test-accept', max: 4, ...UNHURRIED, ...limits });
  const doorbell = new RecordingDoorbell();
  const accept = new AcceptLead(pool, doorbell, { quarantineBytesPerDay: 2 ** 30 });
  return {
    accept,
    doorbell,
    pool,
    close: async () => {
      await accept.drain();
      await pool.end();
    },
  };
}

/** What the tests see behind the scenes, and the rows leads refer to. */
export interface Behind {
  rows<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export async function lookBehind(database: TestDatabase, sources: readonly SourceConfig[]): Promise<Behind> {
  const pool = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  // Dropping the database may overtake the goodbye of an ended connection.
  pool.on('error', () => {});
  await pool.query(`INSERT INTO tenants (id, name) VALUES ($1, 'Demo') ON CONFLICT DO NOTHING`, [TENANT]);
  for (const { name, kind, path } of sources) {
    await pool.query('INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ($1, $2, $3, $4, $5)', [
      sourceIdOf(TENANT, name),
      TENANT,
      name,
      kind,
      path,
    ]);
  }
  return { rows: async (sql, values) => (await pool.query(sql, values)).rows, close: () => pool.end() };
}

export interface Sent {
  readonly source: SourceConfig;
  /** The body; its JSON is what is stored. */
  readonly body: JsonObject;
  /** Other bytes than the body's JSON. */
  readonly bytes?: string;
  /** The Idempotency-Key. */
  readonly key?: string;
  /** The leads in it, where it is not one lead as it stands. */
  readonly leads?: readonly { readonly nativeId?: string | null; readonly payload: JsonObject }[];
  readonly claimSeconds?: number;
}

export function inboundOf({ source, body, bytes, key }: Omit<Sent, 'leads'>): InboundRequest {
  const stored = Buffer.from(bytes ?? JSON.stringify(body));
  const requestId = randomUUID();
  return {
    id: newId() as InboundRequestId,
    tenantId: TENANT,
    sourceId: sourceIdOf(TENANT, source.name),
    route: source.path,
    contentType: 'application/json',
    headers: '{}',
    query: null,
    remoteAddress: '127.0.0.1',
    requestId,
    correlationId: requestId,
    body: stored,
    bodyBytes: stored.length,
    bodyTruncated: false,
    keySha256: key === undefined ? null : createHash('sha256').update(key).digest(),
  };
}

/** What the door makes of a request it took. */
export function submissionOf(sent: Sent): LeadSubmission {
  const inbound = inboundOf(sent);
  const whole = { payload: sent.body, nativeId: null, verbatim: sent.bytes === undefined };
  const [first = whole, ...others] = (sent.leads ?? []).map(({ payload, nativeId = null }) => ({ payload, nativeId, verbatim: false }));
  const read = {
    items: [{ ...first, flags: [] }, ...others.map((item) => ({ ...item, flags: [] }))] as const,
    fingerprint: { payload: sent.body, format: 'json' as const },
  };
  const items = leadItemsOf(sent.source, inbound.keySha256, read);
  if (isRefusal(items)) throw new Error(items.detail);
  return { kind: 'lead', inbound, acceptedStatus: 201, replayedStatus: 409, items, claimSeconds: sent.claimSeconds ?? null };
}
