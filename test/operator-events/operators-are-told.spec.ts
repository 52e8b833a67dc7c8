import { createHmac } from 'node:crypto';
import type pg from 'pg';
import { GATEWAY_SUBJECT, type OperatorEventInput, type TenantId } from '#core';
import { appendOperatorEvents, TellOperators } from '#operator-events';
import { createLogger, createPgPool, inTransaction, Metrics, OutboundHttp } from '#platform';
import { HttpOperatorWebhook } from '../../libs/operator-events/src/telling/http-operator-webhook.js';
import { PgEventStore } from '../../libs/operator-events/src/telling/pg-event-store.js';
import { LOOPBACK } from '../support/loopback.js';
import { answers, ScriptedCrm } from '../support/scripted-crm.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';

const SECRET = 'whsec_bm90LWEtc2VjcmV0';

let database: TestDatabase;
let pool: pg.Pool;
let http: OutboundHttp;
let receiver: ScriptedCrm;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'operators-spec', ...UNHURRIED });
  http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  await pool.query("INSERT INTO tenants (id, name) VALUES ('acme', 'Acme')");
});
beforeEach(async () => {
  receiver = await ScriptedCrm.start();
  receiver.always(answers.status(204));
  await pool.query('DELETE FROM operator_events');
});
afterEach(() => receiver.close());
afterAll(async () => {
  await http.close();
  await pool.end();
  await database.drop();
});

function teller({ url = receiver.url as string | null, perMinute = 30, metrics = new Metrics() } = {}): TellOperators {
  const webhook = url === null ? null : new HttpOperatorWebhook(http, url, [SECRET]);
  return new TellOperators(new PgEventStore(pool), webhook, perMinute, createLogger('silent', false), metrics);
}

const happened = (...events: Partial<OperatorEventInput>[]): Promise<void> =>
  inTransaction(pool, (client) =>
    appendOperatorEvents(
      client,
      events.map((event) => ({ tenantId: 'acme' as TenantId, type: 'breaker.opened', subject: 'acme/crm', detail: {}, ...event })),
    ),
  );

interface Row {
  readonly id: string;
  readonly subject: string;
  readonly type: string;
  readonly sent: boolean;
  readonly waits: boolean;
  readonly waitSeconds: number | null;
  readonly summarised: boolean;
  readonly error: string | null;
}

const rows = async (): Promise<Row[]> =>
  (
    await pool.query<Row>(
      `SELECT id, subject, type, sent_at IS NOT NULL AS sent, next_attempt_at IS NOT NULL AS waits, summarised_in IS NOT NULL AS summarised,
              floor(extract(epoch FROM next_attempt_at - last_attempt_at))::int AS "waitSeconds", last_error AS error
         FROM operator_events ORDER BY at, id`,
    )
  ).rows;

/** As if the time until then had passed. */
const timePasses = (interval: string): Promise<unknown> =>
  pool.query(
    `UPDATE operator_events SET next_attempt_at = next_attempt_at - $1::interval, last_attempt_at = last_attempt_at - $1::interval, at = at - $1::interval`,
    [interval],
  );

const told = (): { type: string; timestamp: string; data: Record<string, unknown> }[] =>
  receiver.requests.map(({ body }) => JSON.parse(body));

describe('operators are told', () => {
  it('of a change by a call that is signed and carries the id of the event', async () => {
    await happened({ type: 'destination.paused', detail: { reason: 'auth_failed', status_code: 401 } });
    await teller().runOnce();
    const [event] = await rows();
    const [request] = receiver.requests;
    expect(event).toMatchObject({ sent: true, waits: false, error: null });
    expect(told()).toEqual([
      {
        type: 'destination.paused',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        data: { id: event?.id, tenant_id: 'acme', subject: 'acme/crm', reason: 'auth_failed', status_code: 401 },
      },
    ]);
    const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request?.headers ?? {};
    expect(id).toBe(event?.id);
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${request?.body}`).digest('base64')}`);
  });

  it('once, however many processes there are', async () => {
    await happened(...Array.from({ length: 20 }, (_, index) => ({ subject: `acme/${index}` })));
    await Promise.all(Array.from({ length: 5 }, () => teller().runOnce()));
    // Whoever found another one claiming left the rest to it.
    await teller().runOnce();
    expect(receiver.requests).toHaveLength(20);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(20);
    expect((await rows()).every(({ sent }) => sent)).toBe(true);
  });

  it('of nothing that was rolled back', async () => {
    await inTransaction(pool, async (client) => {
      await appendOperatorEvents(client, [{ tenantId: null, type: 'leads.stuck', subject: GATEWAY_SUBJECT }]);
      throw new Error('never mind');
    }).catch(() => {});
    await teller().runOnce();
    expect(receiver.requests).toEqual([]);
  });
});

describe('a receiver that does not take an event', () => {
  /** A gap is counted from the end of a call, the row says how long it is from the beginning. */
  async function toldWithAGapOf(seconds: number): Promise<void> {
    const began = performance.now();
    await teller().runOnce();
    const took = (performance.now() - began) / 1000;
    const [row] = await rows();
    expect(row?.waitSeconds).toBeGreaterThanOrEqual(seconds);
    expect(row?.waitSeconds).toBeLessThanOrEqual(seconds + took);
  }

  it('is called again with the same id, later and later', async () => {
    receiver.next(answers.status(500), answers.status(503, { headers: { 'retry-after': '60' } }));
    await happened({});
    await toldWithAGapOf(5);
    expect(await rows()).toMatchObject([{ sent: false, waits: true, error: 'answered 500' }]);
    await timePasses('6 seconds');
    await toldWithAGapOf(60);
    expect(await rows()).toMatchObject([{ sent: false }]);
    await timePasses('61 seconds');
    await teller().runOnce();
    expect(await rows()).toMatchObject([{ sent: true, waits: false, error: null }]);
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('hears of an end only after the beginning; other subjects do not wait', async () => {
    receiver.next(answers.status(500));
    await happened({ type: 'breaker.opened' });
    await teller().runOnce();
    // Not before it is told to, however slow the machine.
    await pool.query(`UPDATE operator_events SET next_attempt_at = next_attempt_at + interval '1 hour'`);
    await happened({ type: 'breaker.closed' }, { type: 'breaker.opened', subject: 'acme/other' });
    await teller().runOnce();
    expect(told().map(({ type, data }) => [type, data['subject']])).toEqual([
      ['breaker.opened', 'acme/crm'],
      ['breaker.opened', 'acme/other'],
    ]);
    await timePasses('1 hour 6 seconds');
    await teller().runOnce();
    expect(
      told()
        .slice(2)
        .map(({ type }) => type),
    ).toEqual(['breaker.opened', 'breaker.closed']);
  });

  it.each([
    {
      description: '404',
      answer: answers.status(404),
      says: 'answered 404; there is nothing at this address: correct LEADGATE_OPERATOR_WEBHOOK_URL',
    },
    { description: '401', answer: answers.status(401), says: expect.stringContaining('LEADGATE_OPERATOR_WEBHOOK_SECRET') },
    {
      description: 'a redirect, which is not followed',
      answer: answers.redirect('http://127.0.0.1/else'),
      says: expect.stringContaining('redirect'),
    },
    { description: 'a connection that breaks', answer: answers.resetBeforeHeaders(), says: 'Connection lost' },
  ])('is waited for, and the row says what mends it: $description', async ({ answer, says }) => {
    receiver.next(answer);
    await happened({});
    await teller().runOnce();
    expect(await rows()).toMatchObject([{ sent: false, waits: true, error: says }]);
  });

  it('is left alone by this process after 410; what happens then can be read', async () => {
    receiver.next(answers.status(410));
    const one = teller();
    await happened({});
    await one.runOnce();
    await happened({ subject: 'acme/other' });
    await timePasses('301 seconds');
    await one.runOnce();
    expect(receiver.requests).toHaveLength(1);
    expect(await rows()).toMatchObject([
      { sent: false, waits: false, error: 'answered 410' },
      { sent: false, waits: false, error: 'answered 410' },
    ]);
  });

  it('that is gone for one process loses nothing that another one, with another address, can tell', async () => {
    const gone = await ScriptedCrm.start();
    gone.always(answers.status(410));
    const old = teller({ url: gone.url });
    await happened({});
    await old.runOnce();
    await happened({ subject: 'acme/other' });
    await old.runOnce();
    await teller().runOnce();
    await gone.close();
    expect(told().map(({ data }) => data['subject'])).toEqual(['acme/other']);
  });

  it('and takes them again has nothing left waiting, whatever was planned when it did not', async () => {
    receiver.always(answers.status(500));
    await happened({ type: 'breaker.opened' }, { type: 'breaker.closed' });
    await teller().runOnce();
    await pool.query(`UPDATE operator_events SET attempt_no = 8, last_attempt_at = clock_timestamp() - interval '10 minutes',
                             next_attempt_at = clock_timestamp() + interval '4 hours' WHERE type = 'breaker.opened'`);
    receiver.always(answers.status(204));
    receiver.requests.splice(0);
    await happened({ type: 'leads.stuck', subject: GATEWAY_SUBJECT, tenantId: null });
    await teller().runOnce();
    expect(told().map(({ type }) => type)).toEqual(['leads.stuck', 'breaker.opened', 'breaker.closed']);
  });

  it('and takes one does not get twice what is just on its way', async () => {
    await happened({ subject: 'acme/on-its-way' });
    await new PgEventStore(pool).claim(30, 5);
    await happened({});
    await teller().runOnce();
    expect(told().map(({ data }) => data['subject'])).toEqual(['acme/crm']);
  });

  it('is given up for an event after a day', async () => {
    receiver.always(answers.status(500));
    await happened({});
    await pool.query('UPDATE operator_events SET attempt_no = 10');
    await teller().runOnce();
    expect(await rows()).toMatchObject([{ sent: false, waits: false, error: 'answered 500' }]);
  });

  it('is sent an event again whose process died in the middle of the call', async () => {
    await happened({});
    await new PgEventStore(pool).claim(30, 5);
    await teller().runOnce();
    expect(receiver.requests).toEqual([]);
    await timePasses('61 seconds');
    await teller().runOnce();
    expect(receiver.requests).toHaveLength(1);
  });

  it('and a process that comes back late changes nothing', async () => {
    await happened({});
    const store = new PgEventStore(pool);
    const { claimed } = await store.claim(30, 5);
    await timePasses('61 seconds');
    await teller().runOnce();
    await store.settle(claimed.map(({ id, attemptNo }) => ({ id, attemptNo, told: false, gapSeconds: 5, error: 'late' })));
    expect(await rows()).toMatchObject([{ sent: true, waits: false, error: null }]);
  });
});

describe('a storm', () => {
  it('is told of in as many calls as a minute may have, and one summary', async () => {
    const subjects = Array.from({ length: 40 }, (_, index) => ({ subject: `acme/${String(index).padStart(2, '0')}` }));
    await happened(...subjects);
    await happened({ type: 'source.silent', subject: 'acme/form' });
    await teller({ perMinute: 10 }).runOnce();
    expect(receiver.requests).toHaveLength(11);
    expect(told().at(-1)).toMatchObject({
      type: 'events.summarised',
      data: { events: 31, types: { 'breaker.opened': 30, 'source.silent': 1 }, tenant_id: null },
    });
    const after = await rows();
    expect(after.filter(({ sent }) => sent)).toHaveLength(11);
    expect(after.filter(({ summarised, waits }) => summarised && !waits)).toHaveLength(31);

    await happened({ subject: 'acme/late' });
    await teller({ perMinute: 10 }).runOnce();
    expect(receiver.requests).toHaveLength(11);
    await timePasses('61 seconds');
    await teller({ perMinute: 10 }).runOnce();
    expect(told().slice(11)).toMatchObject([{ type: 'breaker.opened', data: { subject: 'acme/late' } }]);
  });
});

describe('without anybody to tell', () => {
  it('events are counted, kept and not sent later', async () => {
    const metrics = new Metrics();
    await happened({}, { type: 'source.heard', subject: 'acme/form' });
    await teller({ url: null, metrics }).runOnce();
    expect(await rows()).toMatchObject([
      { sent: false, waits: false, error: null },
      { sent: false, waits: false, error: null },
    ]);
    expect(await metrics.registry.metrics()).toContain('leadgate_operator_events_total{type="source.heard"} 1');
    await teller().runOnce();
    expect(receiver.requests).toEqual([]);
  });
});
