import pg from 'pg';
import type { LeadId, TenantId } from '#core';
import { isConnectionLoss, WaitedTooLong } from '#platform';
import { type OneLead, oneLeadOf, storeAtOnce } from '../../libs/ingestion/src/accept/store-at-once.js';
import type { Acceptance, ItemAcceptance, LeadSubmission } from '../../libs/ingestion/src/accept/submission.js';
import { inboundOf, lookBehind, startAccepting, submissionOf, type Accepting, type Behind, type Sent } from '../support/accepting.js';
import { eventually } from '../support/eventually.js';
import { aSource } from '../support/open-door.js';
import { startPostgresProxy, type Cut, type PostgresProxy } from '../support/postgres-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const webhook = aSource();
const forms = aSource({ name: 'forms', path: '/in/forms' });
const guard = aSource({
  name: 'guard',
  path: '/v1/leads/ingest',
  idempotency: { ttl_hours: 24, invalid_key: 'ignore', key: 'body_field', field: 'source_id', other_body: 'new_submission' },
});
const SOURCES = [webhook, forms, guard];

let database: TestDatabase;
let behind: Behind;
/** Two processes on one database. */
let one: Accepting;
let two: Accepting;
let keys = 0;
const fresh = (prefix: string): string => `${prefix}-${(keys += 1)}`;

beforeAll(async () => {
  database = await createTestDatabase();
  behind = await lookBehind(database, SOURCES);
  one = startAccepting(database.url);
  two = startAccepting(database.url);
});
afterAll(async () => {
  await Promise.all([one?.close(), two?.close(), behind?.close()]);
  await database?.drop();
});

/** As senders do: of what waited too long for its turn nothing was written, so it comes again. */
const send = (sent: Sent, by: Accepting = one): Promise<Acceptance> =>
  eventually('it has its turn in time', () =>
    by.accept.accept(submissionOf(sent)).catch((error: unknown) => {
      if (error instanceof WaitedTooLong) return undefined;
      throw error;
    }),
  );
const leadOf = (item: ItemAcceptance | undefined): LeadId | null => {
  if (item === undefined || item.kind === 'key_reused') return null;
  return item.kind === 'accepted' ? item.leadId : item.first.leadId;
};
const only = ({ items }: Acceptance): LeadId | null => (items.length === 1 ? leadOf(items[0]) : null);
const kindsOf = ({ items }: Acceptance): string[] => items.map(({ kind }) => kind);
const leadsOfSource = (name: string, condition: string, value: unknown) =>
  behind.rows<{ id: LeadId; item_no: number; native_id: string; payload: object; resubmission_of: LeadId | null }>(
    `SELECT id, item_no, native_id, payload, resubmission_of FROM leads WHERE source_id = 'demo/${name}' AND ${condition} ORDER BY id`,
    [value],
  );

describe('one lead for any number of equal requests, in two processes', () => {
  it('300 at the same moment: one is accepted, all others are given its lead, its ids and its moment', async () => {
    const key = fresh('k');
    const acceptances = await Promise.all(
      Array.from({ length: 300 }, (_, n) => send({ source: webhook, body: { email: 'a@b.c' }, key }, n % 2 === 0 ? one : two)),
    );
    expect(new Set(acceptances.map(only)).size).toBe(1);
    expect(acceptances.filter(({ items }) => items[0]?.kind === 'accepted')).toHaveLength(1);
    const [lead] = await behind.rows('SELECT id, correlation_id, request_id, received_at FROM leads WHERE id = $1', [
      only(acceptances[0] as Acceptance),
    ]);
    const holders = acceptances.flatMap(({ items }) => items.flatMap((item) => (item.kind === 'replayed' ? [item.first] : [])));
    for (const { leadId, correlationId, requestId, receivedAt } of holders) {
      expect({ id: leadId, correlation_id: correlationId, request_id: requestId, received_at: receivedAt }).toEqual(lead);
    }
    const accepted = acceptances.flatMap(({ items }) => items.flatMap((item) => (item.kind === 'accepted' ? [item.receivedAt] : [])));
    expect(accepted).toEqual([lead?.['received_at']]);
    expect(await behind.rows('SELECT 1 FROM inbound_requests WHERE key_sha256 = sha256($1)', [Buffer.from(key)])).toHaveLength(1);
  });

  it('of 20 bodies under one key one is the lead, and the other 19 are kept', async () => {
    const key = fresh('k');
    const acceptances = await Promise.all(
      Array.from({ length: 20 }, (_, n) => send({ source: webhook, body: { n }, key }, n % 2 === 0 ? one : two)),
    );
    expect(acceptances.flatMap(kindsOf).sort()).toEqual(['accepted', ...Array<string>(19).fill('key_reused')]);
    expect(
      await behind.rows(
        'SELECT verdict, count(*)::int AS count FROM inbound_requests WHERE key_sha256 = sha256($1) GROUP BY verdict ORDER BY verdict',
        [Buffer.from(key)],
      ),
    ).toEqual([
      { verdict: 'accepted', count: 1 },
      { verdict: 'idempotency_key_reused', count: 19 },
    ]);
  });
});

describe('a native id is unique for ever in its source', () => {
  it('whatever else the request says: the first lead again, and the other bytes are kept', async () => {
    const nativeId = fresh('native');
    const ask = (n: number, by: Accepting) => send({ source: forms, body: { n }, leads: [{ nativeId, payload: { n } }] }, by);
    const acceptances = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(n, n % 2 === 0 ? one : two)));
    expect(new Set(acceptances.map(only)).size).toBe(1);
    expect(acceptances.flatMap(kindsOf).filter((kind) => kind === 'accepted')).toHaveLength(1);
    expect(await leadsOfSource('forms', 'native_id = $1', nativeId)).toHaveLength(1);
    expect(
      await behind.rows(`SELECT 1 FROM inbound_requests WHERE verdict = 'replayed' AND verdict_detail = $1`, [
        only(acceptances[0] as Acceptance),
      ]),
    ).toHaveLength(49);
    // The bytes of the first are known already and not kept once more; whichever of the 50 that was.
    const first = acceptances.findIndex((acceptance) => kindsOf(acceptance)[0] === 'accepted');
    await ask(first, one);
    await ask(first, two);
    const [kept] = await behind.rows('SELECT count(*)::int AS count FROM inbound_requests WHERE route = $1 AND body_text = $2', [
      forms.path,
      JSON.stringify({ n: first }),
    ]);
    expect(kept).toEqual({ count: 1 });
  });

  it('its record never expires, and another source may use the id too', async () => {
    const nativeId = fresh('native');
    const first = await send({ source: forms, body: { a: 1 }, leads: [{ nativeId, payload: { a: 1 } }] });
    expect(await behind.rows('SELECT expires_at FROM idempotency_records WHERE lead_id = $1', [only(first)])).toEqual([
      { expires_at: null },
    ]);
    const elsewhere = await send({ source: webhook, body: { a: 1 }, leads: [{ nativeId, payload: { a: 1 } }] });
    expect(kindsOf(elsewhere)).toEqual(['accepted']);
  });

  it('an Idempotency-Key of the same text is another key', async () => {
    const text = fresh('native');
    const answers = [
      await send({ source: forms, body: { a: 1 }, leads: [{ nativeId: text, payload: { a: 1 } }] }),
      await send({ source: forms, body: { a: 2 }, key: text }),
      await send({ source: forms, body: { a: 3 }, key: `native:${text}` }),
    ];
    expect(answers.flatMap(kindsOf)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('an id longer than any index takes is one all the same', async () => {
    const nativeId = 'n'.repeat(10_000);
    const ask = () => send({ source: forms, body: { a: 1 }, leads: [{ nativeId, payload: { a: 1 } }] });
    expect(only(await ask())).toBe(only(await ask()));
  });
});

describe('a request with several leads', () => {
  const several = (ids: readonly (string | null)[]): Sent => ({
    source: forms,
    body: { entry: [...ids] },
    leads: ids.map((nativeId, n) => ({ nativeId, payload: { n } })),
  });

  it('is one request and a lead for each, in its order', async () => {
    const ids = [fresh('n'), fresh('n'), null, fresh('n')];
    const submission = submissionOf(several(ids));
    const { items } = await one.accept.accept(submission);
    expect(items.map(({ kind }) => kind)).toEqual(Array(4).fill('accepted'));
    expect(items.map(leadOf)).toEqual(submission.items.map(({ leadId }) => leadId));
    expect(await leadsOfSource('forms', 'inbound_request_id = $1', submission.inbound.id)).toEqual(
      ids.map((native_id, n) => ({ id: leadOf(items[n]), item_no: n, native_id, payload: { n }, resubmission_of: null })),
    );
    expect(
      await behind.rows('SELECT body_text, verdict, status_code FROM inbound_requests WHERE id = $1', [submission.inbound.id]),
    ).toEqual([{ body_text: JSON.stringify({ entry: ids }), verdict: 'accepted', status_code: 201 }]);
    expect(one.doorbell.rung).toEqual(expect.arrayContaining(items.map(leadOf)));
    expect(await behind.rows('SELECT 1 FROM audit_events WHERE lead_id = ANY ($1)', [items.map(leadOf)])).toHaveLength(4);
  });

  it('each lead stands alone: known ones are replayed, new ones accepted, and the same one twice is one', async () => {
    const [a, b, c] = [fresh('n'), fresh('n'), fresh('n')];
    const first = await send(several([a, b]));
    const second = await send(several([b, c, c, a]));
    expect(kindsOf(second)).toEqual(['replayed', 'accepted', 'replayed', 'replayed']);
    const [firstA, firstB] = first.items.map(leadOf);
    const c1 = leadOf(second.items[1]);
    expect(second.items.map(leadOf)).toEqual([firstB, c1, c1, firstA]);
    const again = submissionOf(several([b, c, c, a]));
    expect((await two.accept.accept(again)).items.map(leadOf)).toEqual([firstB, c1, c1, firstA]);
    expect(await behind.rows('SELECT 1 FROM inbound_requests WHERE id = $1', [again.inbound.id])).toEqual([]);
  });

  it('two processes with the same leads in opposite order wait for each other, never in a circle', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ids = Array.from({ length: 40 }, () => fresh('n'));
      const turned = [...ids].reverse();
      const acceptances = await Promise.all([
        ...Array.from({ length: 4 }, () => send(several(ids), one)),
        ...Array.from({ length: 4 }, () => send(several(turned), two)),
      ]);
      expect(acceptances.flatMap(kindsOf).filter((kind) => kind === 'accepted')).toHaveLength(40);
      expect(new Set(acceptances.flatMap(({ items }) => items.map(leadOf))).size).toBe(40);
    }
  });

  it('a key in the header does not count: it could only say something about all of them', async () => {
    const key = fresh('k');
    const leads = [{ payload: { n: 1 } }, { payload: { n: 2 } }];
    const answers = [
      await send({ source: webhook, body: { a: 1 }, key, leads }),
      await send({ source: webhook, body: { a: 1 }, key, leads }),
    ];
    expect(answers.flatMap(kindsOf)).toEqual(Array(4).fill('accepted'));
  });

  it('a mebibyte with 1,000 leads is stored once', async () => {
    const filler = 'x'.repeat(2 ** 20 - 100);
    const leads = Array.from({ length: 1000 }, (_, n) => ({ nativeId: fresh('n'), payload: { n } }));
    const { items } = await send({ source: forms, body: { filler }, leads });
    expect(new Set(items.map(leadOf)).size).toBe(1000);
  });
});

describe("the sender's own id", () => {
  const guarded = (source_id: string | number, email: string): Sent => ({ source: guard, body: { tenant_id: 't1', source_id, email } });

  it('with the same content is the same lead, with other content a further one that is linked to the first', async () => {
    const id = fresh('src');
    const first = only(await send(guarded(id, 'demo@example.com')));
    const other = only(await send(guarded(id, 'other@example.com'), two));
    const third = only(await send(guarded(id, 'third@example.com')));
    expect(only(await send(guarded(id, 'demo@example.com'), two))).toBe(first);
    expect(only(await send(guarded(id, 'other@example.com')))).toBe(other);
    expect((await leadsOfSource('guard', `payload->>'source_id' = $1`, id)).map((lead) => [lead.id, lead.resubmission_of])).toEqual([
      [first, null],
      [other, first],
      [third, first],
    ]);
  });

  it('60 contents at the same moment in two processes: 60 leads, one of them the first of all others', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = fresh('src');
      const acceptances = await Promise.all(
        Array.from({ length: 120 }, (_, n) => send(guarded(id, `p${n % 60}@example.com`), n % 2 === 0 ? one : two)),
      );
      expect(new Set(acceptances.map(only)).size).toBe(60);
      const leads = await leadsOfSource('guard', `payload->>'source_id' = $1`, id);
      expect(leads).toHaveLength(60);
      const firsts = leads.filter(({ resubmission_of }) => resubmission_of === null);
      expect(firsts).toHaveLength(1);
      expect(new Set(leads.map(({ resubmission_of }) => resubmission_of))).toEqual(new Set([null, firsts[0]?.id]));
    }
  });

  it('many ids at the same moment, in opposite order, end without a deadlock', async () => {
    const ids = Array.from({ length: 80 }, () => fresh('src'));
    const acceptances = await Promise.all([
      ...ids.map((id) => send(guarded(id, 'a@example.com'), one)),
      ...[...ids].reverse().map((id) => send(guarded(id, 'b@example.com'), two)),
    ]);
    expect(new Set(acceptances.map(only)).size).toBe(160);
    const [linked] = await behind.rows(
      `SELECT count(*)::int AS count FROM leads WHERE resubmission_of IS NOT NULL AND payload->>'source_id' = ANY ($1)`,
      [ids],
    );
    expect(linked).toEqual({ count: 80 });
  });

  it('without one every request is a lead of its own, unless it carries an Idempotency-Key', async () => {
    const body = { tenant_id: 't1', email: 'x@example.com' };
    expect(only(await send({ source: guard, body }))).not.toBe(only(await send({ source: guard, body })));
    const key = fresh('k');
    expect(only(await send({ source: guard, body, key }))).toBe(only(await send({ source: guard, body, key }, two)));
    expect(kindsOf(await send({ source: guard, body: { ...body, email: 'y@example.com' }, key }))).toEqual(['key_reused']);
  });
});

describe('ordinary leads are one statement', () => {
  const ordinary = (sent: Omit<Sent, 'source'>): OneLead => oneLeadOf(submissionOf({ source: webhook, ...sent })) as OneLead;
  const rung = new Set<TenantId>();
  const inTime = () => ({ rung, beginBefore: Date.now() / 1000 + 3600 });
  const eventsOf = (leadId: LeadId) =>
    behind.rows(
      'SELECT type, unchained.event_id IS NOT NULL AS unchained FROM audit_events LEFT JOIN audit_unchained unchained ON event_id = id WHERE lead_id = $1',
      [leadId],
    );

  it('what holds up a request with several leads holds up no ordinary one of the same moment, and fails alone', async () => {
    const nativeId = fresh('held-up');
    const several = submissionOf({ source: forms, body: { nativeId }, leads: [{ nativeId, payload: { n: 1 } }, { payload: { n: 2 } }] });
    const holder = new pg.Client({ connectionString: database.ownerUrl });
    const hasty = startAccepting(database.url, { lockTimeoutMs: 500 });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(
        `INSERT INTO idempotency_records (tenant_id, source_id, key_sha256, body_fingerprint, lead_id) VALUES ('demo', 'demo/forms', $1, '', $2)`,
        [several.items[0].key?.sha256, several.items[0].leadId],
      );
      const [stuck, told] = await Promise.allSettled([
        hasty.accept.accept(several),
        send({ source: webhook, body: { beside: nativeId } }, hasty),
      ]);
      expect(stuck).toMatchObject({ status: 'rejected', reason: { code: '55P03' } });
      expect(told).toMatchObject({ status: 'fulfilled' });
    } finally {
      await holder.end();
      await hasty.close();
    }
    expect(await leadsOfSource('webhook', `payload->>'beside' = $1`, nativeId)).toHaveLength(1);
  });

  it('each with its event, which the chain will find', async () => {
    const leads = [ordinary({ body: { a: 1 } }), ordinary({ body: { a: 1 }, key: fresh('k') })];
    expect([...(await storeAtOnce(one.pool, leads, inTime())).keys()].sort()).toEqual(leads.map(({ item }) => item.leadId).sort());
    for (const { item } of leads) expect(await eventsOf(item.leadId)).toEqual([{ type: 'lead.received', unchained: true }]);
  });

  it('of equal keys the first is stored, and the others leave nothing behind', async () => {
    const key = fresh('k');
    const leads = Array.from({ length: 3 }, (_, n) => ordinary({ body: { n }, key }));
    expect([...(await storeAtOnce(one.pool, leads, inTime())).keys()]).toEqual([leads[0]?.item.leadId]);
    expect(await storeAtOnce(two.pool, leads.slice(1), inTime())).toEqual(new Map());
    expect(await behind.rows('SELECT id FROM inbound_requests WHERE key_sha256 = sha256($1)', [Buffer.from(key)])).toEqual([
      { id: leads[0]?.inbound.id },
    ]);
  });

  it('a statement that begins too late stores nothing, and takes no key', async () => {
    const late = ordinary({ body: { late: true }, key: fresh('k') });
    expect(await storeAtOnce(one.pool, [late], { rung, beginBefore: Date.now() / 1000 - 3600 })).toEqual(new Map());
    expect(await behind.rows('SELECT 1 FROM inbound_requests WHERE id = $1', [late.inbound.id])).toEqual([]);
    expect(await behind.rows('SELECT 1 FROM idempotency_records WHERE lead_id = $1', [late.item.leadId])).toEqual([]);
    expect([...(await storeAtOnce(one.pool, [late], inTime())).keys()]).toEqual([late.item.leadId]);
  });

  it.each([
    ['without a key', undefined],
    ['with a key', 'unheard'],
  ])('stored and rung by a flush nobody heard of, %s: accepted as it stands, and rung', async (_, prefix) => {
    const submission = submissionOf({ source: webhook, body: { a: 1 }, ...(prefix === undefined ? {} : { key: fresh(prefix) }) });
    const [[leadId, receivedAt] = []] = await storeAtOnce(two.pool, [oneLeadOf(submission) as OneLead], inTime());
    expect(await one.accept.accept(submission)).toEqual({ items: [{ kind: 'accepted', leadId, receivedAt }] });
    expect(one.doorbell.rung).toContain(leadId);
    expect(await eventsOf(leadId as LeadId)).toHaveLength(1);
  });
});

describe('a lead whose submitter decides it', () => {
  const claimed = (seconds: number | null): LeadSubmission => ({
    ...submissionOf({ source: webhook, body: { a: 1 } }),
    claimSeconds: seconds,
  });

  it('is claimed for that long by the clock of Postgres, and not rung', async () => {
    const acceptances = await Promise.all([one.accept.accept(claimed(5)), one.accept.accept(claimed(null))]);
    const [mine, queued] = acceptances.map(only);
    const rows = await behind.rows(
      `SELECT id, rung_at IS NOT NULL AS rung, ring_gen, round(extract(epoch FROM claimed_until - received_at))::int AS seconds
         FROM leads WHERE id = ANY ($1) ORDER BY id`,
      [[mine, queued]],
    );
    expect(rows).toEqual([
      { id: mine, rung: false, ring_gen: 0, seconds: 5 },
      { id: queued, rung: true, ring_gen: 1, seconds: null },
    ]);
    expect(one.doorbell.rung).toContain(queued);
    expect(one.doorbell.rung).not.toContain(mine);
  });

  it('takes no place of the doorbell', async () => {
    const asked: number[] = [];
    const reserve = jest.spyOn(one.doorbell, 'reserveLeads').mockImplementation((...[, count]: unknown[]) => {
      asked.push(count as number);
      return true;
    });
    await one.accept.accept(claimed(5));
    expect(asked).toEqual([]);
    await one.accept.accept(claimed(null));
    reserve.mockRestore();
    // For each try to store it: one that begins too late is followed by another.
    expect(new Set(asked)).toEqual(new Set([1]));
  });
});

describe('a connection lost around the commit', () => {
  let proxy: PostgresProxy;
  let shaky: Accepting;
  beforeAll(async () => {
    proxy = await startPostgresProxy(database.url);
    shaky = startAccepting(proxy.url);
  });
  afterAll(async () => {
    await shaky?.close();
    await proxy?.close();
  });

  /**
   * On a machine that stands still meanwhile it may be too late to write anything, or to write it again: then nothing of it is stored, and it
   * is sent, and cut, once more. A loss that is told of leads that are stored is not made up for, however slow the machine is.
   */
  const acceptThough = (cut: Cut, submission: LeadSubmission): Promise<Acceptance> =>
    eventually('the loss is made up for in time', () => {
      proxy.cuts.splice(0, proxy.cuts.length, cut);
      return shaky.accept.accept(submission).catch(async (error: unknown) => {
        const stored = await behind.rows('SELECT 1 FROM leads WHERE inbound_request_id = $1', [submission.inbound.id]);
        if (stored.length === 0 && isConnectionLoss(error)) return undefined;
        throw error;
      });
    });

  it.each<[cut: Cut]>([['before'], ['after']])('cut %s it: every lead of the request once, with its moment', async (cut) => {
    const [a, b] = [fresh('n'), fresh('n')];
    const known = await send({ source: forms, body: { a }, leads: [{ nativeId: a, payload: { n: 1 } }] });
    const leads = [
      { nativeId: b, payload: { n: 2 } },
      { nativeId: a, payload: { n: 3 } },
      { nativeId: null, payload: { n: 4 } },
    ];
    const submission = submissionOf({ source: forms, body: { a, b }, leads });
    const acceptance = await acceptThough(cut, submission);
    expect(kindsOf(acceptance)).toEqual(['accepted', 'replayed', 'accepted']);
    expect(leadOf(acceptance.items[1])).toBe(only(known));
    const stored = await behind.rows('SELECT id, received_at FROM leads WHERE inbound_request_id = $1 ORDER BY item_no', [
      submission.inbound.id,
    ]);
    expect(
      acceptance.items.flatMap((item) => (item.kind === 'accepted' ? [{ id: item.leadId, received_at: item.receivedAt }] : [])),
    ).toEqual(stored);
    const ids = stored.map(({ id }) => id as LeadId);
    expect(shaky.doorbell.rung.filter((id) => ids.includes(id)).sort()).toEqual([...ids].sort());
    expect(await behind.rows('SELECT 1 FROM audit_events WHERE lead_id = ANY ($1)', [ids])).toHaveLength(2);
  });

  it('a lead that its submitter decides is not rung then either', async () => {
    const submission = { ...submissionOf({ source: webhook, body: { a: 1 } }), claimSeconds: 5 };
    const acceptance = await acceptThough('after', submission);
    const [lead] = await behind.rows('SELECT received_at, rung_at FROM leads WHERE id = $1', [only(acceptance)]);
    expect(acceptance.items).toEqual([{ kind: 'accepted', leadId: only(acceptance), receivedAt: lead?.['received_at'] }]);
    expect(lead?.['rung_at']).toBeNull();
    expect(shaky.doorbell.rung).not.toContain(only(acceptance));
  });
});

it('a request of which nobody knows the tenant is kept', async () => {
  const inbound = { ...inboundOf({ source: guard, body: { tenant_id: 'nobody' } }), tenantId: null, sourceId: null };
  await one.accept.keep({ kind: 'refused', inbound, status: 404, verdict: 'unknown_source_kind', detail: 'No tenant has this name.' });
  expect(await behind.rows('SELECT tenant_id, source_id, route, body_text FROM inbound_requests WHERE id = $1', [inbound.id])).toEqual([
    { tenant_id: null, source_id: null, route: guard.path, body_text: '{"tenant_id":"nobody"}' },
  ]);
});
