import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const text = readFileSync(join(__dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
const statements = [...text.matchAll(/^```sql\n([^]*?)^```$/gm)].map(([, statement]) => statement!);

describe('the SQL of docs/operations.md', () => {
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
