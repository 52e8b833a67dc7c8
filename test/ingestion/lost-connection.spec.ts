import { eventually } from '../support/eventually.js';
import { patient } from '../support/gateway-process.js';
import { type Answer, openDoor, type OpenDoor } from '../support/open-door.js';
import { startPostgresProxy, type Cut, type PostgresProxy } from '../support/postgres-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { tookAtMost } from '../support/took-at-most.js';

/** Sooner than any of the door's own limits passes: the shortest are 500 ms, for a connection (pg-pool.ts). */
const TOO_SOON_MS = 400;

describe('a connection lost around a commit: 2xx means exactly one lead', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let door: OpenDoor;
  /** By what was sent and not by its id, so that a second lead of the same body is seen. */
  const storedOf = (sent: { readonly cut: string }): Promise<{ id: string; events: number }[]> =>
    door.rows(
      `SELECT id, (SELECT count(*)::int FROM audit_events WHERE lead_id = leads.id) AS events FROM leads WHERE payload->>'cut' = $1`,
      [sent.cut],
    );

  /**
   * With the door's own limits: on a machine that stands still after the loss it may be too late to store anything again, or to find what was
   * committed. That 503 comes when one of the limits has passed, and it is cut once more. One that comes sooner says of a lead that is stored,
   * or could have been, that it is not: whoever repeats it is doubled. It is the answer.
   * @param send of what may be stored already only with the same key; otherwise something else on each try, which counts from 1
   */
  const sentThough = (cut: Cut, send: (tryNo: number) => Promise<Answer>): Promise<Answer> => {
    let tries = 0;
    return eventually('a request whose connection is lost is answered in time', async () => {
      await door.accept.drain();
      proxy.cuts.splice(0, proxy.cuts.length, cut);
      const began = performance.now();
      const answer = await send((tries += 1));
      return answer.status === 503 && performance.now() - began >= TOO_SOON_MS ? undefined : answer;
    });
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startPostgresProxy(database.url);
    door = await openDoor(database, { databaseUrl: proxy.url });
  });
  afterAll(async () => {
    await door?.close();
    await proxy?.close();
    await database?.drop();
  });

  it.each<[cut: Cut, description: string]>([
    ['before', 'Postgres never heard of it: written once more'],
    ['after', 'it was committed: found by its id'],
  ])('cut %s the commit: %s', async (cut) => {
    let sent = { cut: '' };
    const answer = await sentThough(cut, (tryNo) => door.post((sent = { cut: `${cut} ${tryNo}` })));
    expect(answer.status).toBe(200);
    expect(await storedOf(sent)).toEqual([{ id: answer.body['lead_id'], events: 1 }]);
    expect(door.doorbell.rung).toContain(answer.body['lead_id']);
  });

  it.each<[cut: Cut]>([['before'], ['after']])(
    'with a key, cut %s the commit: the sender keeps its lead, a repeat gets it again',
    async (cut) => {
      const sent = { cut: `${cut}, with a key` };
      const key = { 'idempotency-key': `lost-${cut}` };
      let tries = 0;
      const first = await sentThough(cut, (tryNo) => {
        tries = tryNo;
        return door.post(sent, key);
      });
      expect(first.status).toBe(200);
      // What was committed when the time of an earlier try was over is there already.
      if (tries === 1) expect(first.headers['idempotent-replayed']).toBeUndefined();
      const again = await patient('the repeat', () => door.post(sent, key));
      expect([again.text, again.headers['idempotent-replayed']]).toEqual([first.text, 'true']);
      expect(await storedOf(sent)).toEqual([{ id: first.body['lead_id'], events: 1 }]);
    },
  );

  it('a refused request is kept once too', async () => {
    let sent = '';
    const answer = await sentThough('after', (tryNo) => door.post((sent = `{"broken ${tryNo}`)));
    expect(answer.status).toBe(400);
    expect(await door.rows('SELECT verdict, correlation_id FROM inbound_requests WHERE body_text = $1', [sent])).toEqual([
      { verdict: 'malformed_json', correlation_id: answer.headers['x-correlation-id'] },
    ]);
  });

  it('lost again while it is looked up: 503 with Retry-After, and the next one is taken', async () => {
    proxy.cuts.push('before', 'before');
    const answer = await door.post({ lost: 'twice' });
    expect([answer.status, answer.body['error'], answer.headers['retry-after']]).toEqual([503, 'Service unavailable', '2']);
    proxy.cuts.length = 0;
    expect(await patient('the next one', () => door.post({ lost: 'no more' }))).toMatchObject({ status: 200 });
  });

  it('400 senders and a cut in every fourth commit: each 200 is one lead, each lead is one 200', async () => {
    const before = await door.rows<{ id: string }>('SELECT id FROM leads');
    proxy.cuts.push(...Array.from({ length: 30 }, (_, n): Cut => (n % 2 === 0 ? 'before' : 'after')));
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) => door.post({ n }, n % 3 === 0 ? { 'idempotency-key': `storm-${n}` } : {})),
    );
    proxy.cuts.length = 0;
    const told = answers.filter(({ status }) => status === 200).map(({ body }) => body['lead_id']);
    expect(new Set(answers.map(({ status }) => status)).size).toBeLessThanOrEqual(2);
    expect(new Set(told).size).toBe(told.length);
    const known = new Set(before.map(({ id }) => id));
    const stored = (await door.rows<{ id: string }>('SELECT id FROM leads')).filter(({ id }) => !known.has(id));
    expect(told.filter((id) => !stored.some((lead) => lead.id === id))).toEqual([]);
    const [doubled] = await door.rows(
      `SELECT count(*)::int AS count FROM (SELECT 1 FROM inbound_requests WHERE verdict = 'accepted' AND body_text LIKE '{"n":%' GROUP BY body HAVING count(*) > 1) twice`,
    );
    expect(doubled).toEqual({ count: 0 });
  });

  it('without Postgres: 503 within a second, with it again: taken', async () => {
    proxy.down = true;
    const answers = await tookAtMost(2000, () =>
      Promise.all([door.post({ a: 1 }), door.post('{'), door.post({ a: 1 }, { 'idempotency-key': 'down' })]),
    );
    expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(answers.map(() => [503, '2']));
    proxy.down = false;
    expect(await patient('the repeat', () => door.post({ a: 1 }, { 'idempotency-key': 'down' }))).toMatchObject({ status: 200 });
  });

  it('a frozen Postgres: 503 when the deadline of the request passes', async () => {
    proxy.frozen = true;
    const answer = await door.post({ a: 1 });
    proxy.frozen = false;
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
    await door.accept.drain();
    expect(await patient('the next one', () => door.post({ a: 1 }))).toMatchObject({ status: 200 });
  });

  it('a frozen Postgres that wakes up later: what was answered 503 is not stored after all, so a sender who repeats is not doubled', async () => {
    proxy.frozen = true;
    const answers = await Promise.all(Array.from({ length: 250 }, (_, n) => door.post({ frozen: n })));
    proxy.frozen = false;
    await door.accept.drain();
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(await door.rows(`SELECT count(*)::int AS stored FROM leads WHERE payload ? 'frozen'`)).toEqual([{ stored: 0 }]);
  });
});
