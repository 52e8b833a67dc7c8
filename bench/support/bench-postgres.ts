import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres, prepareDatabase } from '#platform';

export interface BenchPostgres {
  readonly url: string;
  readonly dataDir: string;
  /** Empties every table that grows, so that each round begins alike. */
  empty(): Promise<void>;
  query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** A Postgres of the benchmark's own with its defaults: fsync, synchronous_commit and full_page_writes are on. */
export async function startBenchPostgres(root: string): Promise<BenchPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgate-bench-'));
  const server = await EmbeddedPostgres.start({ dataDir: join(dataDir, 'postgres'), projectRoot: root });
  await prepareDatabase({ ownerUrl: server.urls.owner, appUrl: server.urls.app, projectRoot: root });
  // A superuser in the gateway's own database: it may step over the triggers that keep the trail append-only.
  const { pathname } = new URL(server.urls.app);
  const client = new pg.Client({ connectionString: Object.assign(new URL(server.urls.superuser), { pathname }).href });
  await client.connect();
  return {
    url: server.urls.app,
    dataDir,
    query: async (sql) => (await client.query(sql)).rows as never,
    empty: async () => {
      await client.query(`alter table audit_events disable trigger user; alter table audit_chain disable trigger user`);
      await client.query(
        `truncate inbound_requests, leads, journeys, idempotency_records, crm_leads, deliveries, delivery_attempts, audit_events, audit_chain, audit_unchained, identity_claims, policy_divergences, feedback_events`,
      );
      await client.query(`alter table audit_events enable trigger user; alter table audit_chain enable trigger user`);
      await client.query('checkpoint');
    },
    stop: async () => {
      await client.end();
      await server.destroy();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
