import type { PoolClient } from 'pg';
import { assertOwnSessions, createPgPool, type Pool, SessionsAreShared } from '#platform';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** As PgBouncer does it with pool_mode = transaction: connections of their own, and between two transactions any session for any of them. */
function throughAPooler(sessions: readonly number[]): Pick<Pool, 'connect' | 'options'> {
  let asked = -1;
  const client = {
    query: async () => ({ rows: [{ pid: sessions[(asked += 1) % sessions.length] }] }),
    release: () => {},
  } as unknown as PoolClient;
  return { options: { max: 4 }, connect: async () => client } as unknown as Pick<Pool, 'connect' | 'options'>;
}

describe('F43: a pooler that shares sessions between connections', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each([
    ['one session for all', [4711]],
    ['three, which take turns', [1, 2, 3, 3]],
  ])('is found out at the start: %s', async (_what, sessions) => {
    await expect(assertOwnSessions(throughAPooler(sessions))).rejects.toThrow(SessionsAreShared);
  });

  it('is not seen where there is none, and the connections are given back', async () => {
    const pool = createPgPool({ url: database.url, applicationName: 'own-sessions', max: 2, acquireTimeoutMs: 60_000 });
    for (let n = 0; n < 3; n += 1) await assertOwnSessions(pool);
    expect(pool.idleCount).toBe(2);
    await pool.end();
  });

  it('is not found out while Postgres refuses sessions, and the one that was had is given back', async () => {
    const pool = createPgPool({ url: database.url, applicationName: 'own-sessions', max: 2, acquireTimeoutMs: 1000 });
    // The same limit holds for making a connection, and a busy machine takes longer than that now and then.
    const findsNothing = (): Promise<true | undefined> =>
      assertOwnSessions(pool).then(
        () => true,
        () => undefined,
      );
    await eventually('two connections are made', findsNothing);
    const taken = await pool.connect();
    await expect(assertOwnSessions(pool)).rejects.toThrow('timeout exceeded');
    taken.release();
    await eventually('both can be had again', findsNothing);
    await pool.end();
  });

  it('is not looked for with a pool of one connection, which would wait for itself', async () => {
    const pool = createPgPool({ url: database.url, applicationName: 'own-sessions', max: 1, acquireTimeoutMs: 60_000 });
    await assertOwnSessions(pool);
    await pool.end();
  });
});
