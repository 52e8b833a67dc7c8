import type pg from 'pg';

/** Findings are many when something is wrong; the first few say it. */
const SHOWN = 5;

/** A sentence for a promise of docs/reliability.md that these break; none when there are none. */
export function finding(promise: string, what: string, ids: readonly string[]): string[] {
  return ids.length === 0 ? [] : [`${promise}: ${ids.length} × ${what}: ${ids.slice(0, SHOWN).join(', ')}`];
}

export async function idsOf(client: pg.ClientBase, sql: string, values: unknown[] = []): Promise<string[]> {
  return (await client.query<{ id: string }>(sql, values)).rows.map(({ id }) => id);
}
