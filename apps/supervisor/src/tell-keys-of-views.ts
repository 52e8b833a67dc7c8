/** The views of the migration support_views, and the column that no two of their rows share. */
const KEYS: ReadonlyMap<string, string> = new Map([
  ['support_leads', 'lead_id'],
  ['support_requests', 'request_id'],
]);

interface Column {
  name: string;
  pk: number | null;
}

interface Relation {
  name: string;
  columns: Column[];
}

/**
 * Prisma Studio tells rows apart by their primary key. A view has none, and of rows without one it shows the last alone. So the key is written
 * into what Postgres said of our views: `[null, [{name, columns: [{name, pk}]}]]`. Whatever else an answer is, it stays byte for byte as it is.
 *
 * @param body an answer to Studio's page
 */
export function tellKeysOfViews(body: string): string {
  const relations = relationsOf(body);
  if (relations === undefined) return body;
  for (const { name, columns } of relations) {
    for (const column of columns) if (column.name === KEYS.get(name)) column.pk = 1;
  }
  return JSON.stringify([null, relations]);
}

function relationsOf(body: string): Relation[] | undefined {
  if (!body.includes('"columns"')) return undefined;
  try {
    const answer = JSON.parse(body) as unknown;
    const [fault, rows] = Array.isArray(answer) ? (answer as unknown[]) : [];
    return fault === null && Array.isArray(rows) && rows.length > 0 && rows.every(isRelation) ? rows : undefined;
  } catch {
    return undefined;
  }
}

function isRelation(row: unknown): row is Relation {
  if (typeof row !== 'object' || row === null || !('schema' in row && 'name' in row && 'columns' in row)) return false;
  const { columns } = row;
  return Array.isArray(columns) && columns.every((column: unknown) => typeof column === 'object' && column !== null && 'pk' in column);
}
