import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const docs = join(__dirname, '..', '..', 'docs');
const text = ['operations.md', 'guides/look-a-lead-up.md'].map((name) => readFileSync(join(docs, name), 'utf8')).join('\n');
const statements = [...text.matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, statement]) => statement!);

describe('the SQL of docs/operations.md and of the guide to looking up', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client({ connectionString: database.readonlyUrl });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each(statements)('runs as the read-only role: %s', async (statement) => {
    await expect(client.query(statement)).resolves.toMatchObject({ command: 'SELECT' });
  });
});
