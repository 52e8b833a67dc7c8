import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { parse } from 'yaml';
import {
  ActiveConfig,
  type ConfigVersionId,
  Doorbell,
  type DecisionEvent,
  DecisionSink,
  type LeadId,
  type ResolvedConfig,
  type SourceId,
  type TenantConfig,
  type TenantId,
} from '#core';
import { type ClaimIndex, PgClaimIndex } from '#dedup';
import { type KeyRing, KeyRings } from '#keys';
import { leadPipeline, type LoadedLead, PgFirstJourneys, PgLeadStore, ProcessLeads, TellDecisions, VerdictsAtOnce } from '#pipeline';
import { createPgPool, Metrics, newId } from '#platform';
import { PROJECT_ROOT } from '../../support/child-process.js';
import { stagesWith } from '../../support/stages.js';
import { createTestDatabase } from '../../support/test-database.js';

/** A key in the form that goes through a process's environment. */
export interface TestKey {
  readonly id: string;
  readonly hex: string;
}
export interface TestRing {
  readonly current: TestKey;
  readonly previous: readonly TestKey[];
}

export const aKey = (id: string): TestKey => ({ id, hex: randomBytes(32).toString('hex') });

export type TenantName = 't1' | 't2';

/** How the tenants of the world differ from the shipped ones, e.g. another duplicate window. */
export type Change = (config: TenantConfig) => TenantConfig;

export interface GuardWorld {
  readonly pool: pg.Pool;
  readonly url: string;
  /** Stored, undecided leads in the order given; later ones are later. */
  leads(tenant: TenantName, payloads: readonly object[]): Promise<LeadId[]>;
  lead(tenant: TenantName, payload: object): Promise<LeadId>;
  row(id: LeadId): Promise<Record<string, unknown>>;
  journeys(id: LeadId): Promise<Record<string, unknown>[]>;
  loaded(id: LeadId): Promise<LoadedLead>;
  claims(): Promise<{ tenant_id: string; kind: string; key_id: string; lead_id: LeadId; fingerprint: Buffer }[]>;
  /**
   * The pipeline in this process. `workUrl`: another way to the database for the decisions. `claimWaitMs`: longer than a gateway's 250 ms
   * where several of them claim the same at once and nobody shall go on unchecked, although all of this process may stand still meanwhile.
   */
  process(options?: { ring?: TestRing | KeyRings | null; change?: Change; over?: Over; workUrl?: string; claimWaitMs?: number }): InProcess;
  /** The pipeline in a process of its own, from the build. */
  fork(options?: { ring?: TestRing | null; change?: Change }): Promise<Forked>;
  end(): Promise<void>;
}

/** What is put before the index, e.g. accelerators. */
export type Over = (index: ClaimIndex, rings: KeyRings, pool: pg.Pool) => ClaimIndex;

export interface InProcess {
  readonly index: ClaimIndex;
  readonly store: PgLeadStore;
  readonly processLeads: ProcessLeads;
  readonly verdicts: VerdictsAtOnce;
  readonly told: DecisionEvent[];
  decide(...ids: LeadId[]): Promise<void>;
  end(): Promise<void>;
}

export interface Forked {
  readonly child: ChildProcess;
  /** All jobs at once, each with some ids. */
  decide(...jobs: (readonly LeadId[])[]): Promise<void>;
  end(signal?: NodeJS.Signals): Promise<void>;
}

export const RING: TestRing = { current: aKey('a'), previous: [] };

export async function createGuardWorld(): Promise<GuardWorld> {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 6 });
  const shipped = (['t1', 't2'] as const).map((tenant) => shippedTenant(tenant));
  for (const { id, tenantId } of shipped) {
    await pool.query('insert into tenants (id, name) values ($1, $1)', [tenantId]);
    await pool.query(
      `insert into sources (id, tenant_id, name, kind, path) values ($1 || '/ingest', $1, 'ingest', 'guard', '/v1/leads/ingest')`,
      [tenantId],
    );
    await pool.query(
      `insert into config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
       values ($1, $2, 3, 2, 1, '{}', '', 'test', true)`,
      [id, tenantId],
    );
  }
  const opened: { end(): Promise<void> }[] = [];
  const changed = (change: Change = (config) => config): ResolvedConfig[] =>
    shipped.map((resolved) => ({ ...resolved, config: change(resolved.config) }));

  const leads = async (tenant: TenantName, payloads: readonly object[]): Promise<LeadId[]> => {
    const request = newId();
    const ids = payloads.map(() => newId() as LeadId);
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, $2, $3, '/v1/leads/ingest', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
      [request, tenant, `${tenant}/ingest`],
    );
    await pool.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload, rung_at)
       select id, $2, $3, $1, position, $1, 'request-' || id, payload::jsonb, clock_timestamp()
         from unnest($4::uuid[], $5::text[]) with ordinality as lead (id, payload, position)`,
      [request, tenant, `${tenant}/ingest`, ids, payloads.map((payload) => JSON.stringify(payload))],
    );
    return ids;
  };
  const row = async (id: LeadId): Promise<Record<string, unknown>> =>
    (await pool.query<Record<string, unknown>>('select * from leads where id = $1', [id])).rows[0] ?? {};

  return {
    pool,
    url: database.url,
    leads,
    lead: async (tenant, payload) => (await leads(tenant, [payload]))[0] as LeadId,
    row,
    journeys: async (id) =>
      (await pool.query<Record<string, unknown>>('select * from journeys where lead_id = $1 order by journey_no', [id])).rows,
    loaded: async (id) => {
      const lead = await row(id);
      return {
        id,
        tenantId: lead['tenant_id'] as TenantId,
        sourceId: lead['source_id'] as SourceId,
        nativeId: null,
        requestId: lead['request_id'] as string,
        receivedAt: lead['received_at'] as Date,
        payload: lead['payload'] as LoadedLead['payload'],
        flags: lead['flags'] as string[],
        journeyNo: 1,
        crashCount: 0,
      };
    },
    claims: async () => (await pool.query('select * from identity_claims order by tenant_id, kind, key_id')).rows,
    process: ({ ring = RING, change, over, workUrl = database.url, claimWaitMs } = {}) => {
      const made = inProcess({ url: database.url, workUrl, claimWaitMs }, changed(change), ring, over);
      opened.push(made);
      return made;
    },
    fork: async ({ ring = RING, change } = {}) => {
      const made = await forked(database.url, changed(change), ring);
      opened.push(made);
      return made;
    },
    end: async () => {
      await Promise.all(opened.map((one) => one.end()));
      await pool.end();
      await database.drop();
    },
  };
}

const VERSIONS = {
  t1: '01900000-0000-7000-8000-000000000001' as ConfigVersionId,
  t2: '01900000-0000-7000-8000-000000000002' as ConfigVersionId,
};

export function shippedTenant(tenant: TenantName): ResolvedConfig {
  const config = parse(readFileSync(`config/${tenant}.yaml`, 'utf8')) as TenantConfig;
  return { id: VERSIONS[tenant], tenantId: tenant as TenantId, version: 3, rulesetVersion: 2, policyVersion: 1, config };
}

export class FixedConfig extends ActiveConfig {
  constructor(private readonly resolved: readonly ResolvedConfig[]) {
    super();
  }
  override tenant(id: TenantId): ResolvedConfig | undefined {
    return this.resolved.find(({ tenantId }) => tenantId === id);
  }
  override tenants(): readonly ResolvedConfig[] {
    return this.resolved;
  }
  override sourcesAt(): readonly [] {
    return [];
  }
}

class SilentDoorbell extends Doorbell {
  override reserveLeads(): boolean {
    return false;
  }
  override reserveDeliveries(): boolean {
    return false;
  }
  override ringLeads(): void {}
  override ringDeliveries(): void {}
}

class RecordingSink extends DecisionSink {
  readonly told: DecisionEvent[] = [];
  override decided(event: DecisionEvent): void {
    this.told.push(event);
  }
}

export function ringOf(ring: TestRing): KeyRing {
  const keyOf = ({ id, hex }: TestKey) => ({ id, secret: Buffer.from(hex, 'hex') });
  return { current: keyOf(ring.current), previous: ring.previous.map(keyOf) };
}

function inProcess(
  { url, workUrl, claimWaitMs }: { url: string; workUrl: string; claimWaitMs: number | undefined },
  tenants: readonly ResolvedConfig[],
  ring: TestRing | KeyRings | null,
  over: Over = (index) => index,
): InProcess {
  const silent = pino({ level: 'silent' });
  const metrics = new Metrics();
  const sink = new RecordingSink();
  const work = createPgPool({
    url: workUrl,
    applicationName: 'leadgate-work',
    max: 8,
    statementTimeoutMs: 10_000,
    acquireTimeoutMs: 10_000,
  });
  // 250 ms for a lock, as in a gateway; what a slow machine takes besides is not what these tests are about.
  const claims = createPgPool({
    url,
    applicationName: 'leadgate-claims',
    max: 3,
    statementTimeoutMs: 10_000,
    acquireTimeoutMs: 10_000,
    lockTimeoutMs: 250,
  });
  const keys = ring === null || ring instanceof KeyRings ? null : ringOf(ring);
  const rings = ring instanceof KeyRings ? ring : { ringOf: () => keys };
  const index = over(new PgClaimIndex(claims, rings, silent, metrics), rings, work);
  const store = new PgLeadStore(work, new SilentDoorbell(), metrics, claimWaitMs);
  const teller = new TellDecisions(metrics, silent, sink);
  const processLeads = new ProcessLeads(leadPipeline(stagesWith(index)), store, new FixedConfig(tenants), teller, silent);
  return {
    index,
    store,
    processLeads,
    verdicts: new VerdictsAtOnce(processLeads, new PgFirstJourneys(work, metrics), silent),
    told: sink.told,
    decide: (...ids) => processLeads.run(ids),
    end: async () => {
      await store.drain();
      await Promise.all([work.end(), claims.end()]);
    },
  };
}

async function forked(url: string, tenants: readonly ResolvedConfig[], ring: TestRing | null): Promise<Forked> {
  const child = fork(resolve(PROJECT_ROOT, 'test/dedup/support/deciding-process.mjs'), [], {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: url, TENANTS: JSON.stringify(tenants), RING: JSON.stringify(ring) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const answer = (): Promise<{ error?: string }> =>
    new Promise((done, fail) => {
      const gone = (): void => fail(new Error('the process ended'));
      child.once('exit', gone);
      child.once('message', (message) => {
        child.off('exit', gone);
        done(message as { error?: string });
      });
    });
  await answer();
  return {
    child,
    decide: async (...jobs) => {
      const answered = answer();
      child.send({ decide: jobs });
      const { error } = await answered;
      if (error !== undefined) throw new Error(error);
    },
    end: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}
