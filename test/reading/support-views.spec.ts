import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { FAILURE_CLASSES, HOLD_REASONS, LEAD_STATUSES, type LeadId, type TenantId } from '#core';
import { eraseLead } from '#erasure';
import { decideWhatNext } from '../../libs/reading/src/leads/decide-what-next.js';
import type { MendingDelivery } from '../../libs/reading/src/leads/what-mends.js';
import { leadgate } from '../support/leadgate-cli.js';
import { pagesRead } from '../support/pages-read.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aDeliveredLead, aLead, aTenant } from './a-lead-story.js';

const PERSON = 'kanarienvogel@example.com';
const BODY = `{"email":"${PERSON}","id":9007199254740993}`;
const PAYLOAD = `{"lead":{"email":"${PERSON}","id":9007199254740993}}`;

let database: TestDatabase;
let owner: pg.Pool;
let reader: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
  reader = new pg.Pool({ connectionString: database.readonlyUrl, max: 1 });
  await withOwner((client) => aTenant(client, 'acme'));
});
afterAll(async () => {
  await reader.end();
  await owner.end();
  await database.drop();
});

async function withOwner<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
  const client = await owner.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}
const cli = (...words: string[]) => leadgate(words, { DATABASE_URL: database.url });

interface Row {
  readonly arrived_body: string;
  readonly what_next: string[];
  readonly [column: string]: unknown;
}
async function rowOf(view: 'support_leads' | 'support_requests', id: string): Promise<Row> {
  const key = view === 'support_leads' ? 'lead_id' : 'request_id';
  const { rows } = await reader.query<Row>(`SELECT * FROM ${view} WHERE ${key} = $1`, [id]);
  return rows[0] as Row;
}

async function aTakenLead(): Promise<string> {
  const id = await withOwner((client) => aDeliveredLead(client, { tenant: 'acme', payload: BODY }, PAYLOAD));
  await arrivedAs(id, Buffer.from(BODY));
  await owner.query(`UPDATE delivery_attempts SET response_excerpt = $2 WHERE lead_id = $1 AND attempt_no = 2`, [
    id,
    JSON.stringify({ hello: PERSON }),
  ]);
  return id;
}
const arrivedAs = (id: string, body: Buffer, kept = body) =>
  owner.query(`UPDATE inbound_requests SET body = $2, body_text = $3, body_bytes = $4, body_truncated = $5 WHERE id = $1`, [
    id,
    kept,
    kept.subarray(0, 16_384).toString('utf8'),
    body.length,
    kept.length < body.length,
  ]);

async function erased(id: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  await eraseLead(pool, { scope: { only: 'acme' as TenantId }, leadId: id as LeadId, actor: 'cli', reason: 'person_asked' });
  await pool.end();
}

async function aRefusedRequest(body: Buffer, kept = body): Promise<string> {
  const id = uuidv7();
  await owner.query(
    `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, headers, request_id, correlation_id,
                                   body, body_text, body_bytes, body_sha256)
     VALUES ($1, 'acme', 'acme/webhook', '/webhooks/leads', 'malformed_json', 'The body is not valid JSON.', 400, '{}', 'r', $1, '', '', 0, '')`,
    [id],
  );
  await arrivedAs(id, body, kept);
  return id;
}

describe('what support reads of a lead', () => {
  it('is one row: what came as text, what was decided and why, what was sent, what to do', async () => {
    const row = await rowOf('support_leads', await aTakenLead());
    expect(row).toMatchObject({
      arrived_body: BODY,
      arrived_by: 'acme/webhook',
      decided: 'PASS',
      decided_because: ['map: solar_roof_age: not one of its values (ATTRIBUTE_OMITTED)'],
      sent: ['customer-api: DELIVERED after 2 attempts as crm-7'],
      sent_answer: { hello: PERSON },
      sent_attempts: ['2026-11-22 08:00:01Z #1 retry 500 – Server error: 500', '2026-11-22 08:00:31Z #2 delivered 201'],
      sent_payload: { 'customer-api': { lead: { email: PERSON } } },
      status: 'DELIVERED',
      tenant: 'acme',
      what_next: ['nothing: the CRM has it'],
    });
  });

  it('is gone with the lead: nothing of an erased person is left in any column', async () => {
    const id = await aTakenLead();
    const text = async () => JSON.stringify([await rowOf('support_leads', id), await rowOf('support_requests', id)]);
    expect(await text()).toContain(PERSON);
    await erased(id);
    expect(await text()).not.toContain(PERSON);
    expect(await rowOf('support_leads', id)).toMatchObject({ arrived_body: '(removed)', sent_payload: null, sent_answer: null });
  });

  it('tells of each of several destinations, and only of what failed what to do', async () => {
    const id = await aTakenLead();
    await owner.query(`INSERT INTO destinations (id, tenant_id, name, kind) VALUES ('acme/partner', 'acme', 'partner', 'http')`);
    await owner.query(`UPDATE leads SET status = 'PERMANENTLY_FAILED' WHERE id = $1`, [id]);
    await owner.query(
      `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, status, idempotency_key, content_type, payload, attempt_no, failure_class,
                               last_error, finished_at)
       VALUES ($1::uuid, 'acme', $2, 'acme/partner', 'PERMANENTLY_FAILED', $1::uuid::text, 'text/csv', 'a;b', 1, 'refused', '422', clock_timestamp())`,
      [uuidv7(), id],
    );
    expect(await rowOf('support_leads', id)).toMatchObject({
      sent: ['customer-api: DELIVERED after 2 attempts as crm-7', 'partner: PERMANENTLY_FAILED (refused) after 1 attempt – 422'],
      sent_payload: { 'customer-api': JSON.parse(PAYLOAD) as unknown, partner: 'a;b' },
      what_next: [expect.stringMatching(/^partner: .*redeliver/)],
    });
  });

  it('of a batch is one row for each of its leads, and keeps what is theirs when one of them is erased', async () => {
    const id = await aTakenLead();
    const sibling = uuidv7();
    await owner.query(
      `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload, status)
       VALUES ($1, 'acme', 'acme/webhook', $2, 1, $2, 'r', '{"email":"sibling@example.com"}', 'KEPT')`,
      [sibling, id],
    );
    expect(await rowOf('support_requests', id)).toMatchObject({ lead_ids: [id, sibling] });
    expect(await rowOf('support_leads', sibling)).toMatchObject({ arrived_body: BODY, arrived_fields: { email: 'sibling@example.com' } });
    await erased(id);
    expect(await rowOf('support_leads', sibling)).toMatchObject({
      arrived_body: '(removed)',
      arrived_fields: { email: 'sibling@example.com' },
      status: 'KEPT',
    });
  });

  it('cannot be written through, by whom ever', async () => {
    for (const view of ['support_leads', 'support_requests']) {
      await expect(owner.query(`UPDATE ${view} SET tenant = 'x'`)).rejects.toThrow('cannot update view');
      await expect(owner.query(`DELETE FROM ${view}`)).rejects.toThrow('cannot delete from view');
    }
  });

  it('costs what is on the page, not what is in the table', async () => {
    const some = await withOwner((client) => aDeliveredLead(client, { tenant: 'acme' }, PAYLOAD));
    await owner.query(
      `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload, status)
       SELECT gen_random_uuid(), 'acme', 'acme/webhook', $1, n, $1, 'r', '{}', 'KEPT' FROM generate_series(1, 5000) AS n`,
      [some],
    );
    const pages = await pagesRead(owner, (pool) => pool.query('SELECT * FROM support_leads ORDER BY lead_id DESC LIMIT 25'));
    expect(pages).toBeLessThan(2000);
    const { rows: counted } = await owner.query('EXPLAIN SELECT count(*) FROM support_leads');
    expect(JSON.stringify(counted)).not.toContain('inbound_requests');
    await owner.query('DELETE FROM leads WHERE inbound_request_id = $1 AND item_no > 0', [some]);
  });
});

describe('what support is told to do', () => {
  const replayIn = (text: string | null): string[] =>
    ['redeliver', 'reprocess'].filter((kind) => new RegExp(`\`${kind}\`|replay lead \\S+ ${kind} `).test(text ?? ''));
  const DELIVERY: MendingDelivery = {
    purpose: 'deliver',
    destination: 'customer-api',
    status: 'PERMANENTLY_FAILED',
    failureClass: null,
    supersededAt: null,
    waitsFor: null,
    attempts: [],
  };
  async function inTheView(status: string, { holdReason, failureClass }: { holdReason?: string; failureClass?: string }): Promise<string> {
    const id = await withOwner((client) =>
      aLead(client, { tenant: 'acme', status, ...(holdReason === undefined ? {} : { holdReason }), reasonCodes: ['X'] }),
    );
    if (failureClass !== undefined) {
      await owner.query(
        `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, status, idempotency_key, content_type, payload, failure_class, finished_at)
         VALUES ($1::uuid, 'acme', $1::uuid, 'acme/customer-api', 'PERMANENTLY_FAILED', $1::uuid::text, 'application/json', '{}', $2, clock_timestamp())`,
        [id, failureClass],
      );
    }
    return (await rowOf('support_leads', id)).what_next.join('\n');
  }

  it.each(LEAD_STATUSES.filter((status) => status !== 'HELD'))('is the same replay as in the API for %s', async (status) => {
    const says = await inTheView(status, {});
    expect(replayIn(says)).toEqual(replayIn(decideWhatNext({ status, holdReason: null, deliveries: [] })));
    expect(says).toMatch(/^(wait|nothing)/);
  });

  it.each(HOLD_REASONS.filter((reason) => reason !== 'unknown_outcome' && reason !== 'destination_refuses_us'))(
    'is the same replay as in the API for HELD, %s',
    async (holdReason) => {
      const says = await inTheView('HELD', { holdReason });
      expect(says).not.toBe('');
      expect(replayIn(says)).toEqual(replayIn(decideWhatNext({ status: 'HELD', holdReason, deliveries: [] })));
    },
  );

  it.each(FAILURE_CLASSES)('is the same replay as in the API for a delivery that failed for good, %s', async (failureClass) => {
    const status = 'PERMANENTLY_FAILED';
    const says = await inTheView(status, { failureClass });
    expect(says).toMatch(/^customer-api: /);
    expect(replayIn(says)).toEqual(replayIn(decideWhatNext({ status, holdReason: null, deliveries: [{ ...DELIVERY, failureClass }] })));
  });

  it.each([
    {
      state: 'is paused',
      update: `insert into breakers (service_id, tenant_id, paused_at, pause_reason) values ('acme/customer-api', 'acme', now(), 'gone')`,
    },
    { state: 'was removed', update: `update destinations set enabled = false` },
  ])('names the destination that $state', async ({ state, update }) => {
    const id = await withOwner((client) => aLead(client, { tenant: 'acme', status: 'READY' }));
    await owner.query(
      `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload)
       VALUES ($1::uuid, 'acme', $1::uuid, 'acme/customer-api', $1::uuid::text, 'application/json', '{}')`,
      [id],
    );
    expect((await rowOf('support_leads', id)).what_next).toEqual(['wait: it is sent by itself']);
    await owner.query(update);
    expect((await rowOf('support_leads', id)).what_next).toEqual([expect.stringContaining(`customer-api: it ${state}`)]);
    await owner.query('delete from breakers');
    await owner.query('update destinations set enabled = true');
  });
});

describe('what support reads of a request that became no lead', () => {
  it('is what came, why it was refused, and how it is let in', async () => {
    const id = await aRefusedRequest(Buffer.from('{"email": broken'));
    expect(await rowOf('support_requests', id)).toMatchObject({
      answered: 400,
      arrived_body: '{"email": broken',
      arrived_by: 'acme/webhook',
      lead_ids: null,
      refused_as: 'malformed_json',
      refused_because: ['The body is not valid JSON.'],
      what_next: [expect.stringContaining('the sender mends it'), `POST /v1/quarantine/${id}/release`],
    });
  });

  it('says when there is more of it, and where', async () => {
    const long = Buffer.from('x'.repeat(20_000));
    expect((await rowOf('support_requests', await aRefusedRequest(long))).arrived_body).toMatch(
      /x \(the first 16 KiB of 20000 bytes; .*requests show/,
    );
    const cut = await rowOf('support_requests', await aRefusedRequest(long, long.subarray(0, 4096)));
    expect(cut.arrived_body).toMatch(/x \(cut: only the beginning of 20000 bytes/);
    expect(cut.what_next).toEqual([expect.stringContaining('the sender sends it again')]);
  });

  it('says of one that was erased with a lead that there is nothing left to let in', async () => {
    const id = await aRefusedRequest(Buffer.from('{"email": broken'));
    await owner.query(`UPDATE inbound_requests SET body = '', body_text = '' WHERE id = $1`, [id]);
    expect(await rowOf('support_requests', id)).toMatchObject({ arrived_body: '(removed)', what_next: ['nothing: what came was removed'] });
  });
});

describe('the same at the command line', () => {
  const eventsOf = async (type: string): Promise<string[]> =>
    (await owner.query<{ actor: string }>(`SELECT actor FROM audit_events WHERE type = $1`, [type])).rows.map(({ actor }) => actor);

  it('shows a lead with every byte that came and went, and leaves an audit event', async () => {
    const id = await aTakenLead();
    const { code, said } = await cli('leads', 'show', id);
    expect(code).toBe(0);
    for (const text of [BODY, PAYLOAD, 'DELIVERED', 'nothing: the CRM has it', '#2 delivered 201']) expect(said).toContain(text);
    const { body_base64: body, sent_payloads: sent } = JSON.parse((await cli('leads', 'show', id, '--json')).said) as {
      body_base64: string;
      sent_payloads: unknown;
    };
    expect(Buffer.from(body, 'base64').toString()).toBe(BODY);
    expect(sent).toEqual([{ destination: 'customer-api', payload: PAYLOAD }]);
    expect(await eventsOf('lead.read')).toEqual(['cli', 'cli']);
  });

  it('shows a request whole, without letting it write on the terminal, and leaves an audit event', async () => {
    const id = await aRefusedRequest(Buffer.from(`\u001b[2J${'y'.repeat(20_000)} end\n\ttab`));
    const { code, said } = await cli('requests', 'show', id);
    expect(code).toBe(0);
    expect(said).toContain('\uFFFD[2Jyyy');
    expect(said).toContain('y end\n\ttab');
    expect(said).not.toContain('\u001b');
    expect(await eventsOf('request.read')).toEqual(['cli']);
  });

  it.each([
    { words: ['leads', 'show', 'x'], code: 2, says: 'LEAD must be the id of a lead' },
    { words: ['requests', 'show', 'x'], code: 2, says: 'REQUEST must be the id of a request' },
    { words: ['leads', 'show', uuidv7()], code: 1, says: 'leadgate requests show' },
    { words: ['requests', 'show', uuidv7()], code: 1, says: 'LEADGATE_QUARANTINE_DAYS' },
  ])('says what is wrong with $words.0 $words.1', async ({ words, code, says }) => {
    expect(await cli(...words)).toMatchObject({ code, complained: expect.stringContaining(says) as string });
  });
});
