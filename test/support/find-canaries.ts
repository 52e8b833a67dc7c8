import pg from 'pg';
import { mayHoldPersonalData } from '#core';

/** A planted text that turned up in a column. */
export interface CanarySighting {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly canary: string;
  /** The column is on the list of libs/core/src/personal-data.ts. */
  readonly allowed: boolean;
}

interface Column {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/**
 * Looks for planted texts in every column of every table of every schema, whatever its type: text and json as text, arrays member by
 * member, bytes as UTF-8. Letters count as equal in both cases, because normalisation changes them. Views are not looked at: they show
 * what tables hold.
 */
export async function findCanaries(client: pg.ClientBase, canaries: readonly string[]): Promise<CanarySighting[]> {
  const sightings: CanarySighting[] = [];
  for (const columns of (await columnsByTable(client)).values()) {
    const [{ schema, table }] = columns as [Column, ...Column[]];
    const looks = columns.flatMap((column) => canaries.map((canary) => ({ column, canary })));
    const { rows } = await client.query<boolean[]>({
      text: `SELECT ${looks.map(({ column }, index) => `coalesce(bool_or(${contains(column, index + 1)}), false)`).join(', ')}
               FROM ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`,
      values: looks.map(({ canary }) => canary),
      rowMode: 'array',
    });
    looks.forEach(({ column, canary }, index) => {
      if (rows[0]?.[index] !== true) return;
      sightings.push({ schema, table, column: column.column, canary, allowed: mayHoldPersonalData(table, column.column) });
    });
  }
  return sightings;
}

/** The sightings that must not be, as lines for an assertion's message. */
export function unwanted(sightings: readonly CanarySighting[]): string[] {
  return sightings
    .filter(({ allowed }) => !allowed)
    .map(
      ({ schema, table, column, canary }) => `${schema}.${table}.${column} holds "${canary}"; it is not in libs/core/src/personal-data.ts`,
    );
}

async function columnsByTable(client: pg.ClientBase): Promise<Map<string, Column[]>> {
  const { rows } = await client.query<Column>(
    `SELECT c.table_schema AS schema, c.table_name AS table, c.column_name AS column, c.data_type AS type
       FROM information_schema.columns c
       JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
      ORDER BY c.table_schema, c.table_name, c.ordinal_position`,
  );
  const tables = new Map<string, Column[]>();
  for (const column of rows) {
    const name = `${column.schema}.${column.table}`;
    tables.set(name, [...(tables.get(name) ?? []), column]);
  }
  return tables;
}

function contains({ column, type }: Column, parameter: number): string {
  const name = pg.escapeIdentifier(column);
  return type === 'bytea'
    ? `position(convert_to($${parameter}, 'UTF8') IN ${name}) > 0 OR position(convert_to(lower($${parameter}), 'UTF8') IN ${name}) > 0`
    : `strpos(lower(${name}::text), lower($${parameter}::text)) > 0`;
}
