import type pg from 'pg';

/** Between this process and Postgres stands a pooler that gives the same session to several connections. The message says how to mend it. */
export class SessionsAreShared extends Error {
  constructor() {
    super(
      'DATABASE_URL leads through a pooler that shares sessions, such as PgBouncer with pool_mode = transaction: what a session sets, listens to ' +
        'or locks would be meant for another one. Give DATABASE_URL the address of Postgres itself, or set pool_mode = session.',
    );
    this.name = 'SessionsAreShared';
  }
}

const ROUNDS = 5;

/**
 * Two open connections have two sessions, unless somebody between gives one session to both. A pooler that has several free sessions may hide it
 * in a round, so there are some; one in which they are the same leaves no doubt.
 * @throws SessionsAreShared
 */
export async function assertOwnSessions(pool: Pick<pg.Pool, 'connect' | 'options'>): Promise<void> {
  // A pool of one connection (LEADGATE_POOL_RELAY=1) has no second one to compare with.
  if (pool.options.max < 2) return;
  await holding(pool, (one) =>
    holding(pool, async (other) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        if ((await sessionOf(one)) === (await sessionOf(other))) throw new SessionsAreShared();
      }
    }),
  );
}

/** Given back whatever happens, also where the next one is not to be had: a pool that misses one is never ended. */
async function holding(pool: Pick<pg.Pool, 'connect'>, work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  let failed = true;
  try {
    await work(client);
    failed = false;
  } finally {
    client.release(failed);
  }
}

async function sessionOf(client: pg.PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
