import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { TenantId } from '#core';
import { DueWork, MOST_LEADS_AT_ONCE, oldestUndecided } from '#platform';
import { pagesRead } from './support/pages-read.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const TENANTS = 1000;
/** Half of them are one tenant's, the others have 30 each. */
const WAITING = 60_000;

/** Pages of 8 KiB for two looks into the index for each tenant; those that wait would be five times that, tenant by tenant. */
const PAGES_TO_ASK = 10_000;
/** To find, lock and mark one lead, and to take it into the indexes anew. */
const PAGES_TO_MARK = 30;

describe.each(['before', 'after'] as const)(
  '60,000 leads of 1,000 tenants, half of them one tenant’s, %s the table was analyzed',
  (moment) => {
    let database: TestDatabase;
    let pool: pg.Pool;

    beforeAll(async () => {
      database = await createTestDatabase();
      pool = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
      await pool.query(`insert into tenants (id, name) select 't' || n, 'T' from generate_series(1, $1::int) as n`, [TENANTS]);
      await pool.query(`insert into sources (id, tenant_id, name, kind, path) select id || '/s', id, 's', 'json', '/' || id from tenants`);
      await pool.query('alter table leads set (autovacuum_enabled = off)');
      const request = randomUUID();
      await pool.query(
        `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, 't1', 't1/s', '/s', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
        [request],
      );
      await pool.query(
        `insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload, status)
       select gen_random_uuid(), tenant, tenant || '/s', $1, n, $1, 'r', jsonb_build_object('x', repeat('x', 300)),
              case when n <= $3 then 'RECEIVED' else 'READY' end
         from generate_series(1, 2 * $3::int) as n cross join lateral (select 't' || greatest(1, n % (2 * $2) - $2 + 1) as tenant) as its`,
        [request, TENANTS, WAITING],
      );
      if (moment === 'after') await pool.query('analyze leads, tenants');
    });

    afterAll(async () => {
      await pool.end();
      await database.drop();
    });

    const pagesOf = (run: (due: DueWork) => Promise<unknown>): Promise<number> =>
      pagesRead(pool, (explaining) => run(new DueWork(explaining)));
    const roomFor = (room: number): Map<TenantId, number> =>
      new Map(Array.from({ length: TENANTS }, (_, n) => [`t${n + 1}` as TenantId, room]));

    it('are not read to count those that are rung, nor to say who has more', async () => {
      expect(await pagesOf((due) => due.rungLeads(60))).toBeLessThan(2 * PAGES_TO_ASK);
    });

    it('are not read to find the one that waits longest', async () => {
      expect(await pagesRead(pool, oldestUndecided)).toBeLessThan(2 * PAGES_TO_ASK);
    });

    it('are marked by the thousand, not all at once', async () => {
      expect(await pagesOf((due) => due.takeLeads(60, roomFor(500)))).toBeLessThan(MOST_LEADS_AT_ONCE * PAGES_TO_MARK);
    });

    it('are rung in turns: whoever did not come to it comes first the next time', async () => {
      const due = new DueWork(pool);
      // However long the polls take: no ring of theirs counts as lost.
      const staleAfterSeconds = 3600;
      const served = new Map<TenantId, number>();
      for (let poll = 1; poll <= TENANTS / 10; poll += 1) {
        const rows = await due.takeLeads(staleAfterSeconds, roomFor(20));
        for (const { tenantId } of rows) served.set(tenantId, (served.get(tenantId) ?? 0) + 1);
        if (served.size === TENANTS) break;
        expect(rows).toHaveLength(MOST_LEADS_AT_ONCE);
        expect(Math.max(...served.values())).toBe(20);
      }
      expect(served.size).toBe(TENANTS);
      expect((await due.rungLeads(staleAfterSeconds)).map(({ rung }) => rung)).toEqual(Array.from({ length: TENANTS }, () => 20));
    });
  },
);
