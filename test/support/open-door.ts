import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import type { Principal } from '#access';
import { sourceIdOf, type ConfiguredSource, type ResolvedConfig, type SourceConfig, type TenantId } from '#core';
import { FrontDoorAdapter } from '#ingestion';
import type { Verdicts } from '#pipeline';
import { createPgPool, type Pool } from '#platform';
import { AcceptLead } from '../../libs/ingestion/src/accept/accept-lead.js';
import { Door } from '../../libs/ingestion/src/door/door.js';
import { RateLimiter } from '../../libs/ingestion/src/door/rate-limiter.js';
import { visitLine, type VisitRecord } from '../../libs/ingestion/src/door/visit-record.js';
import { LeadFront } from '../../libs/ingestion/src/http/lead-front.js';
import { SourceKinds } from '../../libs/ingestion/src/sources/source-kinds.js';
import { NoVerdicts } from './planned-verdicts.js';
import { RecordingDoorbell } from './recording-doorbell.js';
import type { TestDatabase } from './test-database.js';
import { UNHURRIED } from './unhurried.js';

export const WEBHOOK = '/webhooks/leads';
export const RAW_CRM = '/api/lead';
export const GUARD = '/v1/leads/ingest';

export function aSource(changes: Partial<SourceConfig> = {}): SourceConfig {
  return {
    name: 'webhook',
    kind: 'json',
    path: WEBHOOK,
    answers: 'webhook',
    authentication: { kind: 'none' },
    idempotency: { ttl_hours: 24, invalid_key: 'ignore' },
    ...changes,
  };
}

/** As the raw CRM intake is shipped. */
export const rawCrmSource = (): SourceConfig =>
  aSource({
    name: 'intake',
    path: RAW_CRM,
    answers: 'raw_crm',
    accept_empty_object: true,
    idempotency: { ttl_hours: 720, invalid_key: 'ignore', numbers_as_text: true },
  });

/** As the guard's tenants are shipped. */
export const guardSource = (changes: Partial<SourceConfig> = {}): SourceConfig =>
  aSource({
    name: 'ingest',
    kind: 'guard',
    path: GUARD,
    answers: 'guard',
    rate_limit_per_minute: 0,
    idempotency: { ttl_hours: 24, invalid_key: 'ignore', key: 'body_field', field: 'source_id', other_body: 'new_submission' },
    ...changes,
  });

export interface OpenDoorOptions {
  readonly sources?: readonly SourceConfig[];
  /** Sources of further tenants. */
  readonly tenants?: Readonly<Record<string, readonly SourceConfig[]>>;
  readonly verdicts?: Verdicts;
  /** Who shows which API key. */
  readonly principals?: Readonly<Record<string, Principal>>;
  readonly keysReady?: () => boolean;
  readonly rateLimitPerMinute?: number;
  readonly maxBodyBytes?: number;
  readonly quarantineBytesPerDay?: number;
  readonly trustedProxies?: readonly string[];
  readonly limits?: ConstructorParameters<typeof FrontDoorAdapter>[0];
  /** Another way to the database than a pool on it, and with a gateway's limits for every wait. */
  readonly databaseUrl?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface Sending {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** The door behind a real listener and on a real database, without the rest of the application. The tenant is `demo`, unless told otherwise. */
export interface OpenDoor {
  readonly port: number;
  readonly doorbell: RecordingDoorbell;
  readonly visits: VisitRecord[];
  readonly accept: AcceptLead;
  readonly pool: Pool;
  readonly config: FixedConfig;
  send(sending: Sending): Promise<Answer>;
  /** JSON to the webhook. */
  post(body: string | Buffer | object, headers?: Readonly<Record<string, string>>, path?: string): Promise<Answer>;
  rows<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** What ActiveConfig says, fixed. `sources` are those of the tenant `demo`. */
export class FixedConfig {
  constructor(
    public sources: readonly SourceConfig[],
    public tenantSources: Readonly<Record<string, readonly SourceConfig[]>> = {},
  ) {}
  get resolved(): ResolvedConfig {
    return resolvedOf('demo', this.sources);
  }
  tenants(): readonly ResolvedConfig[] {
    return this.all().filter(({ config }) => config.sources.length > 0);
  }
  tenant(tenantId: TenantId): ResolvedConfig | undefined {
    return this.all().find((resolved) => resolved.tenantId === tenantId);
  }
  sourcesAt(path: string): readonly ConfiguredSource[] {
    return this.all().flatMap((resolved) =>
      resolved.config.sources
        .filter((source) => source.path === path)
        .map((source) => ({ sourceId: sourceIdOf(resolved.tenantId, source.name), source, resolved })),
    );
  }
  private all(): ResolvedConfig[] {
    return [this.resolved, ...Object.entries(this.tenantSources).map(([tenant, sources]) => resolvedOf(tenant, sources))];
  }
}

function resolvedOf(tenant: string, sources: readonly SourceConfig[]): ResolvedConfig {
  return { tenantId: tenant, config: { tenant, sources } } as unknown as ResolvedConfig;
}

export async function openDoor(database: TestDatabase, options: OpenDoorOptions = {}): Promise<OpenDoor> {
  const sources = options.sources ?? [aSource(), rawCrmSource()];
  const behind = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
  // Dropping the database may overtake the goodbye of an ended connection.
  behind.on('error', () => {});
  const ofTenants = { demo: sources, ...options.tenants };
  for (const [tenant, own] of Object.entries(ofTenants)) {
    await behind.query('INSERT INTO tenants (id, name) VALUES ($1, $1) ON CONFLICT DO NOTHING', [tenant]);
    for (const { name, kind, path } of own) {
      const values = [sourceIdOf(tenant, name), tenant, name, kind, path];
      await behind.query(
        'INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
        values,
      );
    }
  }

  const limits = options.databaseUrl === undefined ? UNHURRIED : {};
  const pool = createPgPool({ url: options.databaseUrl ?? database.url, applicationName: 'test-door', max: 4, ...limits });
  const doorbell = new RecordingDoorbell();
  const accept = new AcceptLead(pool, doorbell, { quarantineBytesPerDay: options.quarantineBytesPerDay ?? 2 ** 30 });
  const visits: VisitRecord[] = [];
  const config = new FixedConfig(sources, options.tenants);
  const door = new Door({
    config,
    kinds: new SourceKinds(),
    accept,
    verdicts: options.verdicts ?? new NoVerdicts(),
    apiKeys: { find: (key) => options.principals?.[key] ?? null },
    keysReady: options.keysReady ?? (() => true),
    limiter: new RateLimiter(() => performance.now()),
    rateLimitPerMinute: options.rateLimitPerMinute ?? 0,
    now: () => Date.now() / 1000,
    record: (visit) => void visits.push(visit),
  });
  const onFault = (fault: unknown): void => {
    throw fault;
  };
  const front = new LeadFront(door, {
    maxBodyBytes: options.maxBodyBytes ?? 2 ** 20,
    trustedProxies: options.trustedProxies ?? [],
    onFault,
  });
  const adapter = new FrontDoorAdapter(options.limits);
  adapter.initHttpServer({});
  adapter.open(front);
  const server = adapter.getHttpServer() as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const send = (sending: Sending): Promise<Answer> => sendTo(port, sending);
  return {
    port,
    doorbell,
    visits,
    accept,
    pool,
    config,
    send,
    post: (body, headers = {}, path = WEBHOOK) =>
      send({
        path,
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    rows: async (sql, values) => (await behind.query(sql, values)).rows,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await accept.drain();
      await Promise.all([pool.end(), behind.end()]);
    },
  };
}

/** One request over a connection of its own, with exactly these headers. */
export function sendTo(port: number, { method = 'POST', path = WEBHOOK, headers = {}, body }: Sending): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': `${Buffer.byteLength(body)}` };
    const call = request({ port, host: '127.0.0.1', method, path, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = response.headers['content-type']?.includes('json') === true && text !== '';
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: json ? JSON.parse(text) : {} });
      });
    });
    call.on('error', reject);
    // A string would be sent together with the headers, in UTF-8 as well.
    call.end(body === undefined ? undefined : Buffer.from(body as string));
  });
}

/** The fields of the wide lines these visits make. */
export const linesOf = (visits: readonly VisitRecord[]): Record<string, string | number>[] => visits.map(visitLine);
