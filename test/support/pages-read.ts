import type pg from 'pg';

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/**
 * Runs statements for their cost alone: each in a transaction of its own that is taken back, so that the next finds the same rows.
 * @param pool of a single connection
 * @param run is given a pool whose every statement is explained and answers no rows
 * @returns pages of 8 KiB Postgres looked at, of all statements together
 */
export async function pagesRead(pool: pg.Pool, run: (explaining: pg.Pool) => Promise<unknown>): Promise<number> {
  let pages = Number.NaN;
  const explaining = {
    query: async (text: string, values: unknown[] = []) => {
      await pool.query('begin');
      const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, buffers, format json) ${text}`, values);
      await pool.query('rollback');
      const [{ Plan: plan }] = (rows[0] as (typeof rows)[number])['QUERY PLAN'];
      pages = (Number.isNaN(pages) ? 0 : pages) + plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
      return { rows: [] };
    },
  };
  await run(explaining as unknown as pg.Pool);
  return pages;
}
