import type pg from 'pg';
import { momentNow, WatchLedger } from '#ledger';
import { createLogger, createPgPool, Metrics } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';
import { aLead, aTenant } from './a-ledger-story.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'ledger-spec', ...UNHURRIED });
  await aTenant(pool, 'acme');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const events = async (): Promise<string[]> =>
  (await pool.query<{ type: string }>('SELECT type FROM operator_events ORDER BY at, id')).rows.map(({ type }) => type);
const minutePasses = (): Promise<unknown> => pool.query('UPDATE watches SET next_at = clock_timestamp()');

describe('the ledger is watched', () => {
  it('by one process for all, as metrics and as an alarm that is told when it begins and when it is over', async () => {
    const metrics = [new Metrics(), new Metrics()];
    const processes = metrics.map((one) => new WatchLedger(pool, one, createLogger('silent', false)));
    const round = async (): Promise<void> => {
      await minutePasses();
      for (const one of processes) await one.runOnce();
    };
    const lead = await aLead(pool, { status: 'READY' });
    await round();
    expect(await events()).toEqual([]);

    await pool.query("UPDATE deliveries SET status = 'HELD' WHERE lead_id = $1", [lead]);
    await round();
    await round();
    expect(await events()).toEqual(['ledger.unbalanced']);
    for (const one of metrics) {
      const text = await one.registry.metrics();
      expect(text).toContain('leadgate_ledger_unbalanced 1');
      expect(text).toContain('leadgate_ledger{source="acme/in",state="in_flight"} 1');
    }

    await pool.query("UPDATE deliveries SET status = 'PENDING' WHERE lead_id = $1", [lead]);
    await round();
    expect(await events()).toEqual(['ledger.unbalanced', 'ledger.balanced']);
    expect(await metrics[1]?.registry.metrics()).toContain('leadgate_ledger_unbalanced 0');
  });

  it('and nothing is mended by becoming older than what is looked at', async () => {
    await pool.query('DELETE FROM operator_events');
    const metrics = new Metrics();
    const one = new WatchLedger(pool, metrics, createLogger('silent', false));
    const round = async (): Promise<void> => {
      await minutePasses();
      await one.runOnce();
    };
    const lead = await aLead(pool, { status: 'KEPT' });
    await pool.query("UPDATE leads SET status = 'REJECTED' WHERE id = $1", [lead]);
    await round();
    // As if the last hours were now a moment that begins after it.
    const shorter = (): Promise<unknown> => pool.query(`UPDATE watches SET result = result || '{"hours": 0}' WHERE name = 'ledger'`);
    await shorter();
    await round();
    await shorter();
    await round();
    expect(await events()).toEqual(['ledger.unbalanced']);
    expect(await metrics.registry.metrics()).toContain('leadgate_ledger_unbalanced 1');
    await pool.query("UPDATE leads SET status = 'KEPT' WHERE id = $1", [lead]);
    await shorter();
    await round();
    expect(await events()).toEqual(['ledger.unbalanced', 'ledger.balanced']);
  });

  it('over less at once when it was too much', async () => {
    const hours = async (): Promise<number | undefined> =>
      (await pool.query<{ hours: number }>("SELECT (result ->> 'hours')::float8 AS hours FROM watches WHERE name = 'ledger'")).rows[0]
        ?.hours;
    await pool.query(`UPDATE watches SET result = '{"hours": 24}' WHERE name = 'ledger'`);
    await minutePasses();
    const hurried = createPgPool({ url: database.url, applicationName: 'ledger-spec-hurried', ...UNHURRIED, lockTimeoutMs: 1000 });
    const locks = await pool.connect();
    try {
      await locks.query('BEGIN');
      await locks.query('LOCK TABLE leads IN ACCESS EXCLUSIVE MODE');
      await expect(new WatchLedger(hurried, new Metrics(), createLogger('silent', false)).runOnce()).rejects.toThrow('timeout');
    } finally {
      await locks.query('ROLLBACK');
      locks.release();
      await hurried.end();
    }
    expect(await hours()).toBe(12);
  });

  it('on the clock of Postgres', async () => {
    const { rows } = await pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
    expect(await momentNow(pool)).toBeGreaterThanOrEqual(rows[0]?.now.getTime() ?? Number.NaN);
  });
});
