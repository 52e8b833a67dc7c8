import type { GatewayProcess } from '../support/gateway-process.js';
import { graphAnswers } from './support/fake-graph.js';
import { type LeadView, MetaWorld, PAGE_TOKEN } from './support/meta-world.js';

let world: MetaWorld;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await MetaWorld.create();
  gateway = await world.startGateway();
});
afterAll(() => world.close());

const answersOf = (email: string): Record<string, string[]> => ({
  email: [email],
  phone_number: ['+49 160 8912308'],
  post_code: ['66123'],
  interests: ['roof', 'heating'],
});
const delivered = ({ status }: LeadView): boolean => status === 'DELIVERED';
const heldFor =
  (reason: string) =>
  ({ status, hold_reason }: LeadView): boolean =>
    status === 'HELD' && hold_reason === reason;
const fetchOf = ({ deliveries }: LeadView): LeadView['deliveries'][number] => {
  const [first] = deliveries.filter(({ purpose }) => purpose === 'fetch');
  return first!;
};

describe('a lead that is sent as an id only', () => {
  it('is held, fetched, decided and delivered; three of one webhook are three leads', async () => {
    const natives = ['1001', '1002', '9223372036854775807'];
    for (const native of natives) world.graph.has(native, answersOf(`ada.${native}@lovelace.org`));
    const ids = await world.webhook(gateway, ...natives);
    const leads = await Promise.all(ids.map((id) => world.until(gateway, id, 'delivered', delivered)));
    expect(leads).toHaveLength(3);
    for (const [index, lead] of leads.entries()) {
      const native = natives[index]!;
      expect(lead.payload).toEqual({
        leadgen_id: native,
        page_id: '51044',
        form_id: '5511',
        ad_id: '6032512345678',
        created_time: 1447342026,
        email: `ada.${native}@lovelace.org`,
        phone_number: '+49 160 8912308',
        address: { zip: '66123' },
        interests: ['roof', 'heating'],
      });
      expect(lead.flags).toEqual(['FETCHED']);
      expect(lead.journeys).toMatchObject([
        { journey_no: 1, outcome: 'hold', reason: 'awaiting_fetch' },
        { journey_no: 2, outcome: 'continue', reason: null },
      ]);
      expect(lead.deliveries).toMatchObject([
        { purpose: 'fetch', destination: 'facebook.fetch', status: 'DELIVERED', payload: { id: native } },
        { purpose: 'deliver', destination: 'crm', status: 'DELIVERED' },
      ]);
      expect(lead.transitions.map(({ from, to }) => [from, to])).toEqual([
        [null, 'RECEIVED'],
        ['RECEIVED', 'HELD'],
        ['HELD', 'RECEIVED'],
        ['RECEIVED', 'READY'],
        ['READY', 'DELIVERED'],
      ]);
      expect(world.graph.requestsFor(native)).toEqual([
        {
          id: native,
          path: `/v21.0/${native}?fields=id,created_time,ad_id,form_id,field_data,is_organic,platform,custom_disclaimer_responses`,
          authorization: `Bearer ${PAGE_TOKEN}`,
        },
      ]);
      expect(world.sentTo(`ada.${native}@`)).toEqual([
        { phone: '+491608912308', email: `ada.${native}@lovelace.org`, zip: '66123', attributes: {} },
      ]);
    }
  });

  it('is the lead it was when the webhook comes again, and is not fetched twice', async () => {
    world.graph.has('1101', answersOf('again@lovelace.org'));
    const [id] = await world.webhook(gateway, '1101');
    await world.until(gateway, id!, 'delivered', delivered);
    expect(await world.webhook(gateway, '1101')).toEqual([id]);
    world.graph.has('1102', answersOf('fresh@lovelace.org'));
    const [same, fresh] = await world.webhook(gateway, '1101', '1102');
    expect(same).toBe(id);
    await world.until(gateway, fresh!, 'delivered', delivered);
    expect(world.graph.requestsFor('1101')).toHaveLength(1);
    expect(world.sentTo('again@')).toHaveLength(1);
  });

  it('is judged by the rules only when it is there', async () => {
    const { post_code: _zip, ...withoutZip } = answersOf('no.zip@lovelace.org');
    world.graph.has('1201', withoutZip);
    const [id] = await world.webhook(gateway, '1201');
    const lead = await world.until(gateway, id!, 'rejected', ({ status }) => status === 'REJECTED');
    expect(lead.journeys.map(({ reason }) => reason)).toEqual(['awaiting_fetch', 'NO_ZIP']);
    expect(world.sentTo('no.zip@')).toEqual([]);
  });

  it('shows no request of ours as what the customer gets', async () => {
    const held = world.graph.has('1301', answersOf('customer@lovelace.org')).holdNext('1301');
    const [id] = await world.webhook(gateway, '1301');
    await held.asked;
    const history = await gateway.read<Record<string, unknown>>(`/stats/leads/${id}/history`);
    expect(history).toMatchObject({ status: 'HELD', customer_payload: null, delivery_attempts: [{ destination: 'facebook.fetch' }] });
    held.release();
    await world.until(gateway, id!, 'delivered', delivered);
  });
});

describe('while it cannot be fetched', () => {
  it('stays held and is tried on the schedule, whatever failed, until it is there', async () => {
    world.graph.has('2001', answersOf('later@lovelace.org')).next('2001', graphAnswers.fault, graphAnswers.reset, graphAnswers.cutOff);
    const [id] = await world.webhook(gateway, '2001');
    const lead = await world.until(gateway, id!, 'delivered', delivered);
    expect(fetchOf(lead).attempts).toMatchObject([
      { outcome: 'retry', status_code: 500, error_code: 'GRAPH_2', sent_state: 'answered' },
      { outcome: 'retry', status_code: null, sent_state: 'unknown' },
      { outcome: 'retry', status_code: 200, sent_state: 'answered' },
      { outcome: 'delivered', status_code: 200 },
    ]);
    const { rows } = await world.sql.query<{ gap: number }>(
      `select extract(epoch from attempt.started_at - lag(attempt.finished_at) over (order by attempt.attempt_no))::float8 as gap
         from delivery_attempts attempt join deliveries on deliveries.id = attempt.delivery_id
        where attempt.lead_id = $1 and deliveries.purpose = 'fetch' order by attempt.attempt_no`,
      [id],
    );
    const [, ...gaps] = rows.map(({ gap }) => gap);
    // 1, 2, 4 × 0.1 s, with up to a fifth of jitter.
    [0.08, 0.16, 0.32].forEach((least, index) => expect(gaps[index]).toBeGreaterThanOrEqual(least));
    expect(world.sentTo('later@')).toHaveLength(1);
  });

  it('and the schedule is over, it is held for a person as fetch_failed; asked again, it is fetched', async () => {
    const always = Array.from({ length: 4 }, () => graphAnswers.tooManyCalls);
    world.graph.has('2101', answersOf('patient@lovelace.org')).next('2101', ...always);
    const [id] = await world.webhook(gateway, '2101');
    const lead = await world.until(gateway, id!, 'fetch_failed', heldFor('fetch_failed'));
    expect(fetchOf(lead)).toMatchObject({
      status: 'PERMANENTLY_FAILED',
      last_error: 'Max retries exhausted: Graph error 80005: too many calls',
    });
    expect(lead.transitions.at(-1)).toMatchObject({ from: 'HELD', to: 'HELD', reason: 'fetch_failed' });
    await world.reprocess(id!);
    const after = await world.until(gateway, id!, 'delivered', delivered);
    expect(after.deliveries.map(({ purpose, epoch, status }) => [purpose, epoch, status])).toEqual([
      ['fetch', 1, 'PERMANENTLY_FAILED'],
      ['fetch', 2, 'DELIVERED'],
      ['deliver', 1, 'DELIVERED'],
    ]);
  });

  it('because Meta does not know the id, it is held as fetch_failed at once', async () => {
    const [id] = await world.webhook(gateway, '2201');
    const lead = await world.until(gateway, id!, 'fetch_failed', heldFor('fetch_failed'));
    expect(fetchOf(lead)).toMatchObject({ status: 'PERMANENTLY_FAILED', attempts: [{ status_code: 400, error_code: 'GRAPH_100_33' }] });
    expect(world.graph.requestsFor('2201')).toHaveLength(1);
  });

  it('because our token was revoked, nobody goes on asking; with a new one it is fetched', async () => {
    world.graph.has('2301', answersOf('token@lovelace.org')).next('2301', graphAnswers.revokedToken);
    const [id] = await world.webhook(gateway, '2301');
    const lead = await world.until(gateway, id!, 'asked for once', ({ deliveries }) =>
      deliveries.some(({ status, attempts }) => status === 'RETRYING' && attempts.length > 0),
    );
    expect(lead).toMatchObject({ status: 'HELD', hold_reason: 'awaiting_fetch' });
    expect(fetchOf(lead)).toMatchObject({ attempts: [{ outcome: 'held', error_code: 'GRAPH_190_460' }] });
    expect(fetchOf(lead).last_error).toContain('renew fetch.access_token');
    const paused = await world.sql.query('select pause_reason from breakers where paused_at is not null');
    expect(paused.rows).toEqual([{ pause_reason: 'destination_refuses_us' }]);
    expect(world.graph.requestsFor('2301')).toHaveLength(1);
    await world.sql.query('update breakers set paused_at = null, pause_reason = null');
    await world.until(gateway, id!, 'delivered', delivered);
  });

  it('and was erased meanwhile, nothing of what comes is kept', async () => {
    const held = world.graph.has('2401', answersOf('erased@lovelace.org')).holdNext('2401');
    const [id] = await world.webhook(gateway, '2401');
    await held.asked;
    await world.sql.query(`update leads set status = 'ERASED', hold_reason = null, payload = '{}' where id = $1`, [id]);
    held.release();
    await world.until(gateway, id!, 'fetched', (lead) => fetchOf(lead).status === 'DELIVERED');
    expect(await world.lead(gateway, id!)).toMatchObject({ status: 'ERASED', payload: {}, flags: [] });
  });
});

it('neither the token nor the person is in the log', () => {
  expect(gateway.output()).toContain('facebook.fetch');
  expect(gateway.output()).not.toMatch(/lovelace|8912308|canary/);
});
