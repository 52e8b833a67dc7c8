import pg from 'pg';
import { parseConnectionString, sessionName } from './connection-string.js';
import { ListenedClient } from './listened-client.js';

export interface PgPoolOptions {
  /** The connection string; see parseConnectionString for what it may say. */
  readonly url: string;
  /** Shown in pg_stat_activity, so that a busy or stuck pool can be told from the others: `leadgate-accept`, `leadgate-relay`, …; see sessionName. */
  readonly applicationName: string;
  /** Connections at most. A smaller `connection_limit` in the URL wins. */
  readonly max?: number;
  /** How long to wait for a free or a new connection. `pool_timeout` in the URL wins. */
  readonly acquireTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /** Settings of Postgres for every session, `name = value`; those in the URL are set before them. */
  readonly sessionSettings?: readonly string[];
  /** Told when an idle connection breaks (a restart of Postgres). The pool has already dropped it, so reporting is all there is to do. */
  readonly onIdleConnectionError?: (error: Error) => void;
}

/** For a lock, unless a pool or a transaction says otherwise. */
export const LOCK_TIMEOUT_MS = 1000;

/** An answer later than this after the statement timeout means the server is frozen, not slow: only the client's own clock can tell. */
const FROZEN_SERVER_GRACE_MS = 1000;

/**
 * A pool whose every wait has an end: 500 ms for a connection (`pg` would wait for ever), 1 s for a lock, 3 s for a statement,
 * 5 s idle inside a transaction. The limits are those a request of at most 5 s can afford; work in the background may ask for longer ones.
 * A query that runs into one of them rejects; the pool itself never dies of a lost server and connects again by itself.
 */
export function createPgPool(options: PgPoolOptions): pg.Pool {
  const { poolConfig } = parseConnectionString(options.url);
  const statementTimeoutMs = options.statementTimeoutMs ?? 3000;
  const pool = new pg.Pool({
    ...poolConfig,
    Client: ListenedClient,
    max: Math.min(options.max ?? poolConfig.max ?? 10, poolConfig.max ?? Number.POSITIVE_INFINITY),
    connectionTimeoutMillis: poolConfig.connectionTimeoutMillis ?? options.acquireTimeoutMs ?? 500,
    lock_timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + FROZEN_SERVER_GRACE_MS,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 5000,
    application_name: sessionName(options.applicationName, poolConfig),
    ...(options.sessionSettings === undefined ? {} : { options: commandLineOf(poolConfig.options, options.sessionSettings) }),
    keepAlive: true,
  });
  // Without a listener Node would end the process over a broken idle connection.
  pool.on('error', (error) => options.onIdleConnectionError?.(error));
  return pool;
}

/** As libpq's `options`: they travel with the start of a session and cost no statement. */
function commandLineOf(given: string | undefined, settings: readonly string[]): string {
  return [given ?? '', ...settings.map((setting) => `-c ${setting.replaceAll(' ', '')}`)].join(' ').trim();
}
