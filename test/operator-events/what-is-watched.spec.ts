import type pg from 'pg';
import { firstIdAt } from '#core';
import { WatchGateway } from '#operator-events';
import { createPgPool, Metrics } from '#platform';
import { AlarmsProbe } from '../../libs/operator-events/src/alarms-probe.js';
import { countSourceHours, readSourceHours } from '../../libs/operator-events/src/watching/pg-source-hours.js';
import { takeTurn } from '../../libs/operator-events/src/watching/pg-watches.js';
import { aLead, aTenant } from '../ledger/a-ledger-story.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'watch-spec', ...UNHURRIED });
  await aTenant(pool, 'acme');
});
beforeEach(async () => {
  for (const table of ['delivery_attempts', 'deliveries', 'journeys', 'leads', 'alarms', 'watches', 'operator_events', 'source_hours'])
    await pool.query(`DELETE FROM ${table}`);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const metrics = new Metrics();
const watch = (): WatchGateway => new WatchGateway(pool, 300, metrics);
const events = async (): Promise<[string, string, Record<string, unknown>][]> =>
  (
    await pool.query<{ type: string; subject: string; detail: Record<string, unknown> }>(
      'SELECT type, subject, detail FROM operator_events ORDER BY at, id',
    )
  ).rows.map(({ type, subject, detail }) => [type, subject, detail]);
const types = async (): Promise<string[]> => (await events()).map(([type]) => type);

describe('leads that nobody decides', () => {
  it('are told of once, and once more when they move', async () => {
    const lead = await aLead(pool);
    await watch().look();
    expect(await events()).toEqual([]);
    await pool.query("UPDATE leads SET updated_at = clock_timestamp() - interval '301 seconds', rung_at = clock_timestamp()");
    await aLead(pool);
    await Promise.all([watch().look(), watch().look()]);
    await watch().look();
    expect(await events()).toEqual([
      ['leads.stuck', 'gateway', expect.objectContaining({ lead_id: lead, limit_seconds: 300, waits_seconds: expect.any(Number) })],
    ]);
    expect(await new AlarmsProbe(pool).probe()).toMatchObject({ status: 'degraded', detail: expect.stringContaining('leads_stuck: 1') });
    await watch().runOnce();
    expect(await metrics.registry.metrics()).toContain('leadgate_alarm{alarm="leads_stuck",subject="gateway"} 1');

    await pool.query('UPDATE leads SET updated_at = clock_timestamp()');
    await watch().look();
    expect(await types()).toEqual(['leads.stuck', 'leads.moving']);
    expect(await new AlarmsProbe(pool).probe()).toEqual({ status: 'up' });
  });

  it('are not told of over and over while the oldest is about as old as the limit', async () => {
    await aLead(pool);
    for (const seconds of [400, 250, 400, 200, 400, 60, 200]) {
      await pool.query('UPDATE leads SET updated_at = clock_timestamp() - make_interval(secs => $1)', [seconds]);
      await watch().look();
    }
    expect(await types()).toEqual(['leads.stuck', 'leads.moving']);
  });
});

describe('leads that begin to fail for good', () => {
  const fail = (ago: string): Promise<unknown> =>
    aLead(pool, { status: 'PERMANENTLY_FAILED' }).then((lead) =>
      pool.query('UPDATE deliveries SET finished_at = clock_timestamp() - $2::interval WHERE lead_id = $1', [lead, ago]),
    );
  const hourPasses = async (): Promise<void> => {
    await pool.query("UPDATE deliveries SET finished_at = finished_at - interval '61 minutes' WHERE status = 'PERMANENTLY_FAILED'");
    await pool.query(
      "UPDATE alarms SET detail = detail || jsonb_build_object('failed_at', (detail ->> 'failed_at')::timestamptz - interval '61 minutes')",
    );
  };

  it('are told of by destination, and again only after an hour without', async () => {
    await fail('10 minutes');
    await fail('1 minute');
    await Promise.all([watch().look(), watch().look()]);
    await fail('0 seconds');
    await watch().look();
    expect(await events()).toEqual([['dead_letters.appeared', 'acme/crm', expect.objectContaining({ delivery_id: expect.any(String) })]]);
    await hourPasses();
    await watch().look();
    expect(await types()).toEqual(['dead_letters.appeared']);
    await fail('0 seconds');
    await watch().look();
    expect(await types()).toEqual(['dead_letters.appeared', 'dead_letters.appeared']);
  });

  const raised = async (): Promise<boolean> => (await pool.query('SELECT FROM alarms WHERE raised')).rowCount === 1;

  it('are not told of with every replay that fails again', async () => {
    await fail('0 seconds');
    await watch().look();
    for (let round = 0; round < 2; round += 1) {
      await pool.query("UPDATE deliveries SET status = 'PENDING', finished_at = NULL");
      await watch().look();
      await pool.query("UPDATE deliveries SET status = 'PERMANENTLY_FAILED', finished_at = clock_timestamp()");
      await watch().look();
    }
    expect(await types()).toEqual(['dead_letters.appeared']);
  });

  it('are over an hour later also when the only one was delivered after all, and the next is told of', async () => {
    await fail('0 seconds');
    await watch().look();
    await pool.query("UPDATE deliveries SET status = 'DELIVERED', finished_at = clock_timestamp()");
    await watch().look();
    expect(await raised()).toBe(true);
    await hourPasses();
    await watch().look();
    expect(await raised()).toBe(false);
    await fail('0 seconds');
    await watch().look();
    expect(await types()).toEqual(['dead_letters.appeared', 'dead_letters.appeared']);
  });

  it('do not begin with a lead that was erased or decided anew', async () => {
    await fail('0 seconds');
    await pool.query('UPDATE deliveries SET superseded_at = clock_timestamp()');
    await watch().look();
    expect(await events()).toEqual([]);
  });

  it('long ago are nothing new', async () => {
    await fail('2 hours');
    await watch().look();
    expect(await events()).toEqual([]);
  });
});

describe('a source that falls silent', () => {
  const HOUR = 3_600_000;

  /** What the source brought in the same hour of the weeks before the hour that is looked at. */
  async function usually(leads: number, weeks: number): Promise<void> {
    await countSourceHours(pool);
    await pool.query(
      `INSERT INTO source_hours (source_id, hour, leads)
       SELECT 'acme/in', hour - week * interval '168 hours', $1::int
         FROM watches, generate_series(1, $2::int) AS week,
              LATERAL (SELECT date_trunc('hour', done_until, 'UTC') AS now) AS this,
              LATERAL (VALUES (now), (now - interval '1 hour')) AS looked (hour)
        WHERE name = 'source_hours'`,
      [leads, weeks],
    );
    // It is known since before.
    await pool.query(
      "INSERT INTO source_hours (source_id, hour, leads) SELECT 'acme/in', min(hour) - interval '1 hour', 1 FROM source_hours",
    );
  }

  it('is told of once, and once more when it brings leads again', async () => {
    await usually(1000, 3);
    await watch().listen();
    await watch().listen();
    expect(await events()).toEqual([['source.silent', 'acme/in', expect.objectContaining({ leads: 0, usual: 1000 })]]);
    expect(await new AlarmsProbe(pool).probe()).toMatchObject({ status: 'up', detail: expect.stringContaining('source_silent: 1') });

    const [looked] = await readSourceHours(pool);
    await pool.query(`INSERT INTO source_hours (source_id, hour, leads) VALUES ('acme/in', $1, 900)`, [looked?.hour]);
    await watch().listen();
    expect(await types()).toEqual(['source.silent', 'source.heard']);
  });

  it('and never brought much is not told of', async () => {
    await usually(2, 5);
    await watch().listen();
    expect(await events()).toEqual([]);
  });

  it('and was switched off is forgotten without a word', async () => {
    await usually(1000, 3);
    await watch().listen();
    await pool.query("UPDATE sources SET enabled = false WHERE id = 'acme/in'");
    await watch().listen();
    await pool.query("UPDATE sources SET enabled = true WHERE id = 'acme/in'");
    expect(await types()).toEqual(['source.silent']);
    expect((await pool.query('SELECT FROM alarms WHERE raised')).rowCount).toBe(0);
  });

  it('is known by counting every lead once, however many processes count and however long nobody did', async () => {
    const now = Math.floor((Date.now() - 10_000) / HOUR) * HOUR;
    const lead = await aLead(pool);
    await pool.query('UPDATE leads SET received_at = $2 WHERE id = $1', [lead, new Date(now - 30 * HOUR)]);
    await pool.query('UPDATE leads SET id = $2 WHERE id = $1', [lead, firstIdAt(now - 30 * HOUR)]);
    for (const [back, leads] of [
      [29.5, 3],
      [2, 2],
      [1.999, 1],
    ] as const)
      for (let index = 0; index < leads; index += 1) {
        const other = await aLead(pool);
        await pool.query('UPDATE leads SET id = $2 WHERE id = $1', [other, firstIdAt(now - back * HOUR).slice(0, -1) + index]);
      }
    await Promise.all([countSourceHours(pool, 50), countSourceHours(pool, 50), countSourceHours(pool, 50)]);
    await countSourceHours(pool);
    await countSourceHours(pool);
    const { rows } = await pool.query<{ hour: Date; leads: number }>('SELECT hour, leads FROM source_hours ORDER BY hour');
    expect(rows.map(({ hour, leads }) => [(now - hour.getTime()) / HOUR, leads])).toEqual([
      [30, 4],
      [2, 3],
    ]);
  });
});

describe('a turn', () => {
  it('is taken by one of many processes, and comes again', async () => {
    const turns = await Promise.all(Array.from({ length: 8 }, () => takeTurn(pool, 'a-turn', 60)));
    expect(turns.filter(Boolean)).toHaveLength(1);
    await pool.query("UPDATE watches SET next_at = clock_timestamp() WHERE name = 'a-turn'");
    expect(await takeTurn(pool, 'a-turn', 60)).toBe(true);
  });
});
