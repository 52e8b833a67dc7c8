import pg from 'pg';
import { PERSONAL_COLUMNS } from '#core';
import { aDeliveredLead, aTenant } from './reading/a-lead-story.js';
import { findCanaries, unwanted } from './support/find-canaries.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const CANARY = 'Kanarienvogel-4711@Example.com';

let database: TestDatabase;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await aTenant(owner, 'canary');
  await aDeliveredLead(
    owner,
    { tenant: 'canary', payload: JSON.stringify({ email: CANARY }) },
    JSON.stringify({ lead: { email: CANARY.toLowerCase() } }),
  );
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const seen = async (...canaries: string[]): Promise<string[]> =>
  (await findCanaries(owner, canaries)).map(({ table, column, allowed }) => `${table}.${column}${allowed ? '' : ' !'}`);

describe('the list of personal data', () => {
  it('names columns that exist', async () => {
    const { rows } = await owner.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public'`,
    );
    const listed = Object.entries(PERSONAL_COLUMNS).flatMap(([table, columns]) =>
      Object.keys(columns).map((column) => `${table}.${column}`),
    );
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(listed));
  });
});

describe('looking for planted texts', () => {
  it('finds them in columns on the list, in any letters', async () => {
    expect(await seen(CANARY)).toEqual(['deliveries.payload', 'leads.payload']);
    expect(unwanted(await findCanaries(owner, [CANARY]))).toEqual([]);
  });

  it('finds nothing that was not planted', async () => {
    expect(await seen('never planted', '%')).toEqual([]);
  });

  it.each([
    { what: 'text', type: 'text', value: `to_char(now(), 'YYYY') || $1` },
    { what: 'json', type: 'jsonb', value: `jsonb_build_object('a', jsonb_build_array($1::text))` },
    { what: 'an array', type: 'text[]', value: 'ARRAY[$1]' },
    { what: 'bytes', type: 'bytea', value: `'\\xff00'::bytea || convert_to($1, 'UTF8')` },
  ])('reports $what that is not on the list', async ({ type, value }) => {
    await owner.query(`CREATE TABLE "a Table" (harmless integer, "the Column" ${type})`);
    await owner.query(`INSERT INTO "a Table" VALUES (1, NULL)`);
    await owner.query(`INSERT INTO "a Table" SELECT 2, ${value}`, ['Grüne Straße 5']);
    expect(unwanted(await findCanaries(owner, ['Grüne Straße 5', CANARY]))).toEqual([
      'public.a Table.the Column holds "Grüne Straße 5"; it is not in libs/core/src/personal-data.ts',
    ]);
    await owner.query('DROP TABLE "a Table"');
  });

  it('looks into every schema, also the queue’s', async () => {
    await owner.query('CREATE SCHEMA another; CREATE TABLE another.job (data jsonb)');
    await owner.query(`INSERT INTO another.job VALUES (jsonb_build_object('to', $1::text))`, [CANARY]);
    expect(await seen(CANARY)).toContain('job.data !');
    await owner.query('DROP SCHEMA another CASCADE');
  });
});
