import fc from 'fast-check';
import pg from 'pg';
import { DECISIONS } from '#core';
import { HOSTILE_STRINGS } from '../fixtures/hostile-strings.js';
import { patient } from '../support/gateway-process.js';
import { GUARD, sendTo, type Answer } from '../support/open-door.js';
import { startIngestionApp, type IngestionApp } from '../support/ingestion-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TEXTS = ['tenant_id', 'source_id', 'source_type', 'email', 'phone', 'first_name', 'last_name', 'company'];
const GOOD = { email: 'good@example.com', phone: '+12025550123', first_name: 'Good' };

/** Lone surrogates leave as escapes: no UTF-8 can carry them. */
const sent = (body: object): string => JSON.stringify(body);

describe('any string in any field gives a verdict or a 4xx, and the bytes are kept', () => {
  let database: TestDatabase;
  let app: IngestionApp;
  let behind: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startIngestionApp(database.url);
    behind = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
    behind.on('error', () => {});
  });
  afterAll(async () => {
    await behind?.end();
    await app?.close();
    await database?.drop();
  });

  let requests = 0;
  async function expectVerdict(body: string, path = GUARD): Promise<Answer> {
    let id = '';
    const answer = await patient('a request', () => {
      id = `hostile-${(requests += 1)}`;
      return sendTo(app.port, { path, headers: { 'content-type': 'application/json', 'x-request-id': id }, body });
    });
    if (answer.status === 200) {
      if (path === GUARD) expect(DECISIONS).toContain(answer.body['decision']);
    } else expect([400, 404, 413, 422]).toContain(answer.status);
    const { rows } = await behind.query<{ body: Buffer; truncated: boolean }>(
      'SELECT body, body_truncated AS truncated FROM inbound_requests WHERE request_id = $1',
      [id],
    );
    const [stored] = rows;
    expect(rows).toHaveLength(1);
    if (stored?.truncated === true) expect(answer.status).toBe(413);
    else expect(stored?.body.equals(Buffer.from(body))).toBe(true);
    return answer;
  }

  it.each(HOSTILE_STRINGS)('%s', async (_what, text) => {
    for (const tenant_id of ['t1', 't2']) {
      for (const field of TEXTS) await expectVerdict(sent({ tenant_id, ...GOOD, [field]: text }));
    }
    await expectVerdict(sent({ tenant_id: 't1', ...GOOD, extra: { [text]: text, deep: [{ [text]: [text] }] } }));
    await expectVerdict(sent({ tenant_id: 't1', [text]: text }));
    const webhook = sent({ ...GOOD, email: text, phone: text, address: { zip: text }, questions: { [text]: text } });
    await expectVerdict(webhook, '/webhooks/leads');
  });

  it('the same string in every field at once', async () => {
    for (const [, text] of HOSTILE_STRINGS.filter(([, { length }]) => length < 60_000)) {
      const body = Object.fromEntries(TEXTS.slice(3).map((field) => [field, text]));
      await expectVerdict(sent({ tenant_id: 't1', source_id: text, ...body }));
    }
  });

  it('texts of chance', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '\0', '@', '+', '1') }),
    );
    const body = fc.record({ email: text, phone: text, first_name: text, extra: fc.dictionary(text, text) });
    await fc.assert(
      fc.asyncProperty(body, async (values) => void (await expectVerdict(sent({ tenant_id: 't1', ...values })))),
      // On a slow machine fewer of them, rather than a test that goes on after jest gave it up.
      { numRuns: 60, interruptAfterTimeLimit: 40_000 },
    );
  });

  it('values of any other type are a fault of the body', async () => {
    for (const field of TEXTS) {
      for (const value of ['0', '-1.5', 'true', '[]', '["a"]', '{}', '{"a":1}']) {
        const answer = await expectVerdict(sent({ tenant_id: 't1', ...GOOD, [field]: 'HERE' }).replace('"HERE"', value));
        expect(answer.status).toBe(422);
      }
      // What no double holds is read as the text of its digits.
      await expectVerdict(sent({ tenant_id: 't1', ...GOOD, [field]: 'HERE' }).replace('"HERE"', '1e400'));
    }
  });
});
