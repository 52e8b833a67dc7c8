import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import pg from 'pg';
import { pino } from 'pino';
import {
  ActiveConfig,
  deliveryIdempotencyKey,
  type ConfigVersionId,
  type DeliveryId,
  type DestinationConfig,
  type DestinationId,
  type LeadId,
  type ResolvedConfig,
  type TenantConfig,
  type TenantId,
} from '#core';
import { Metrics, OutboundHttp, type OutboundRules } from '#platform';
import { AttemptLog } from '../../../libs/delivery/src/attempt-log.js';
import { ConfiguredDestinations } from '../../../libs/delivery/src/configured-destinations.js';
import { DeliverLeads } from '../../../libs/delivery/src/deliver-leads.js';
import { DestinationRegistry } from '../../../libs/delivery/src/destination-registry.js';
import { destinationKinds } from '../../../libs/delivery/src/destinations/destination-kinds.js';
import { MakeAttempt } from '../../../libs/delivery/src/make-attempt.js';
import { PgAttemptLedger } from '../../../libs/delivery/src/pg-attempt-ledger.js';
import { PgCallBudgets } from '../../../libs/delivery/src/pg-call-budgets.js';
import { PgDueDeliveries } from '../../../libs/delivery/src/pg-due-deliveries.js';
import { PgExpiredLeases } from '../../../libs/delivery/src/pg-expired-leases.js';
import { ReclaimExpiredLeases } from '../../../libs/delivery/src/reclaim-expired-leases.js';
import { LOOPBACK } from '../../support/loopback.js';
import { ScriptedCrm } from '../../support/scripted-crm.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { UNHURRIED } from '../../support/unhurried.js';

const TENANT = 'demo' as TenantId;
export const CRM = 'demo/crm' as DestinationId;
export const OTHER_CRM = 'demo/other' as DestinationId;

/** The tenant's destinations as a test sets them; a change is a new version, as in the gateway. */
class DestinationsUnderTest extends ActiveConfig {
  private resolved: ResolvedConfig | undefined;

  use(destinations: readonly DestinationConfig[]): void {
    const mappings = [{ name: 'customer', fields: [] }];
    const config = { tenant: TENANT, name: 'Demo', sources: [], mappings, destinations } as unknown as TenantConfig;
    this.resolved = { id: '' as ConfigVersionId, tenantId: TENANT, version: 1, rulesetVersion: 1, policyVersion: 1, config };
  }
  override tenant(id: TenantId): ResolvedConfig | undefined {
    return id === TENANT ? this.resolved : undefined;
  }
  override tenants(): readonly ResolvedConfig[] {
    return this.resolved === undefined ? [] : [this.resolved];
  }
  override sourcesAt(): readonly [] {
    return [];
  }
}

export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly status: string;
  readonly attempt_no: number;
  readonly last_error: string | null;
  readonly crm_record_id: string | null;
  readonly rung_at: Date | null;
  readonly lease_until: Date | null;
  readonly finished_at: Date | null;
  /** Until the next attempt, on the clock of Postgres. */
  readonly due_in_s: number;
}

export interface AttemptRow {
  readonly attempt_no: number;
  readonly sent_state: string;
  readonly outcome: string | null;
  readonly status_code: number | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly retry_after_seconds: number | null;
  readonly response_excerpt: string | null;
  readonly finished: boolean;
}

export interface Worker {
  readonly deliver: DeliverLeads;
  readonly reclaim: ReclaimExpiredLeases;
  readonly pool: pg.Pool;
}

/** A database, a CRM and any number of processes that deliver. */
export class DeliveryWorld {
  readonly config = new DestinationsUnderTest();
  readonly logged: Record<string, unknown>[] = [];
  private readonly workers: { worker: Worker; http: OutboundHttp }[] = [];

  private constructor(
    private readonly database: TestDatabase,
    /** As the owner: to set things up and to look behind the scenes. */
    readonly sql: pg.Pool,
    readonly crm: ScriptedCrm,
  ) {}

  static async create(): Promise<DeliveryWorld> {
    const database = await createTestDatabase();
    const sql = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
    sql.on('error', () => {
      // `end` does not wait for the sockets, so the database may be dropped under one that is still closing.
    });
    await sql.query(`insert into tenants (id, name) values ('demo', 'Demo')`);
    await sql.query(`insert into sources (id, tenant_id, name, kind, path) values ('demo/web', 'demo', 'web', 'json', '/web')`);
    await sql.query(
      `insert into destinations (id, tenant_id, name, kind) values ('demo/crm', 'demo', 'crm', 'http'), ('demo/other', 'demo', 'other', 'http')`,
    );
    const world = new DeliveryWorld(database, sql, await ScriptedCrm.start());
    world.configure();
    return world;
  }

  /** As the gateway's own role. */
  get appUrl(): string {
    return this.database.url;
  }

  /** The destinations `crm` and `other`, both at the scripted CRM. */
  configure(given: Partial<DestinationConfig> = {}): void {
    const destination: DestinationConfig = {
      name: 'crm',
      kind: 'http',
      url: this.crm.url,
      authentication: { kind: 'bearer', token: 'demo-token' },
      mapping: 'customer',
      answers: 'plain',
      effect: 'keyed',
      record_id_path: 'id',
      // The longest that may be: a test in the middle of a call may do a lot, on a machine that is slow.
      timeout_seconds: 30,
      // The cases of a suite follow each other at one destination; what its failures in a row come to is a suite of its own.
      breaker: { off: true },
      ...given,
    };
    this.config.use([destination, { ...destination, name: 'other' }]);
  }

  /** Another process. Its retry base is 30 s unless told, and it may call this machine. */
  aWorker({ retryBaseSeconds = 30, rules = LOOPBACK }: { retryBaseSeconds?: number; rules?: OutboundRules } = {}): Worker {
    const pool = new pg.Pool({ connectionString: this.database.url, max: 8, lock_timeout: UNHURRIED.lockTimeoutMs });
    pool.on('error', () => {
      // Some tests end the connections of a pool on purpose.
    });
    const metrics = new Metrics();
    const http = new OutboundHttp({ userAgent: 'leadgate/test', rules });
    const destinations = new ConfiguredDestinations(
      this.config,
      new DestinationRegistry(destinationKinds(http), [], http.rules),
      retryBaseSeconds,
    );
    const attempts = new PgAttemptLedger(pool, metrics);
    const log = new AttemptLog(pino({ level: 'info' }, this.logSink()), metrics);
    const worker = {
      deliver: new DeliverLeads(
        new PgDueDeliveries(pool, metrics),
        destinations,
        new MakeAttempt(attempts, log),
        new PgCallBudgets(pool),
        log,
      ),
      reclaim: new ReclaimExpiredLeases(new PgExpiredLeases(pool), attempts, destinations, log),
      pool,
    };
    this.workers.push({ worker, http });
    return worker;
  }

  /** A READY lead with one delivery per destination, planned and rung. */
  async aLead(...destinations: DestinationId[]): Promise<{ leadId: LeadId; deliveryIds: DeliveryId[] }> {
    const leadId = randomUUID() as LeadId;
    const request = randomUUID();
    await this.sql.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, 'demo', 'demo/web', '/web', 'accepted', 200, '{}', 'req-1', $1, '', '', 0, '')`,
      [request],
    );
    await this.sql.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, status)
       values ($1, 'demo', 'demo/web', $2, $2, 'req-1', '{}', 'READY')`,
      [leadId, request],
    );
    const deliveryIds: DeliveryId[] = [];
    for (const destinationId of destinations.length > 0 ? destinations : [CRM]) {
      const id = randomUUID() as DeliveryId;
      deliveryIds.push(id);
      await this.sql.query(
        `insert into deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload, rung_at)
         values ($1, 'demo', $2, $3, $4, 'application/json', $5, clock_timestamp())`,
        [
          id,
          leadId,
          destinationId,
          deliveryIdempotencyKey({ tenantId: TENANT, leadId, destinationId, epoch: 1 }),
          `{"lead":{"phone":"+491608912308","email":"canary@example.com"},"meta_attributes":{"unique_id":"${leadId}"}}`,
        ],
      );
    }
    return { leadId, deliveryIds };
  }

  async aDelivery(): Promise<{ leadId: LeadId; id: DeliveryId }> {
    const { leadId, deliveryIds } = await this.aLead();
    return { leadId, id: deliveryIds[0] as DeliveryId };
  }

  /** Many leads with one delivery each, planned and rung, in two statements. @returns the ids of the deliveries */
  async manyDeliveries(count: number, destinationId: DestinationId = CRM): Promise<DeliveryId[]> {
    const { rows } = await this.sql.query<{ id: DeliveryId }>(
      `with request as (
         insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
         select gen_random_uuid(), 'demo', 'demo/web', '/web', 'accepted', 200, '{}', 'req-1', gen_random_uuid(), '', '', 0, ''
           from generate_series(1, $1::int) returning id),
       lead as (
         insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, status)
         select gen_random_uuid(), 'demo', 'demo/web', id, id, 'req-1', '{}', 'READY' from request returning id)
       insert into deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload, rung_at)
       select gen_random_uuid(), 'demo', id, $2, 'key-' || id, 'application/json', '{}', clock_timestamp() from lead returning id`,
      [count, destinationId],
    );
    return rows.map(({ id }) => id);
  }

  async delivery(id: DeliveryId): Promise<DeliveryRow> {
    const { rows } = await this.sql.query<DeliveryRow>(
      `select id, status, attempt_no, last_error, crm_record_id, rung_at, lease_until, finished_at,
              extract(epoch from next_attempt_at - clock_timestamp())::float8 as due_in_s
         from deliveries where id = $1`,
      [id],
    );
    return rows[0] as DeliveryRow;
  }

  async attempts(id: DeliveryId): Promise<AttemptRow[]> {
    const { rows } = await this.sql.query<AttemptRow>(
      `select attempt_no, sent_state, outcome, status_code, error_code, error_message, retry_after_seconds, response_excerpt,
              finished_at is not null as finished
         from delivery_attempts where delivery_id = $1 order by attempt_no`,
      [id],
    );
    return rows;
  }

  async lead(id: LeadId): Promise<{ status: string; hold_reason: string | null }> {
    const { rows } = await this.sql.query<{ status: string; hold_reason: string | null }>(
      'select status, hold_reason from leads where id = $1',
      [id],
    );
    return rows[0] as { status: string; hold_reason: string | null };
  }

  /** The trail of a lead as `type: from → to (reason)`. */
  async trail(id: LeadId): Promise<string[]> {
    const { rows } = await this.sql.query<{ line: string }>(
      `select type || ': ' || from_status || ' → ' || to_status || coalesce(' (' || reason || ')', '') as line
         from audit_events where lead_id = $1 order by id`,
      [id],
    );
    return rows.map(({ line }) => line);
  }

  /** Moves a waiting delivery's due time to now. */
  async makeDue(id: DeliveryId): Promise<void> {
    await this.sql.query(`update deliveries set next_attempt_at = clock_timestamp() where id = $1`, [id]);
  }

  /** As if the lease had run out. */
  async expireLease(id: DeliveryId): Promise<void> {
    await this.sql.query(`update deliveries set lease_until = clock_timestamp() - interval '1 second' where id = $1`, [id]);
  }

  /** As a process leaves it that dies between its claim and its outcome. */
  async abandon(id: DeliveryId, attemptNo = 1): Promise<void> {
    await this.sql.query(
      `with gone as (
         update deliveries set status = 'SENDING', attempt_no = $2, lease_until = clock_timestamp() - interval '1 second'
          where id = $1 returning id, tenant_id, lead_id)
       insert into delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id) select id, $2, tenant_id, lead_id from gone`,
      [id, attemptNo],
    );
  }

  async close(): Promise<void> {
    for (const { worker, http } of this.workers) {
      await worker.deliver.stop({ deadlineSeconds: 0 });
      await http.close();
      await worker.pool.end();
    }
    await this.crm.close();
    await this.sql.end();
    await this.database.drop();
  }

  private logSink(): Writable {
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.logged.push(JSON.parse(chunk.toString('utf8')) as Record<string, unknown>);
        done();
      },
    });
  }
}
