import type { GatewayProcess } from '../support/gateway-process.js';
import { ReplayWorld } from './support/replay-world.js';

describe('a lead that came to an end is taken up again', () => {
  let world: ReplayWorld;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    world = await ReplayWorld.create();
    gateway = await world.gateway();
  });
  afterAll(() => world.end());
  beforeEach(async () => {
    await fetch(`${world.crm.url}/_reset`, { method: 'POST' });
  });

  const replay = (id: string, body: object) => world.ask(gateway, `/v1/leads/${id}/replay`, { reason: 'the CRM is mended', ...body });

  async function aDeadLead(mode = '400'): Promise<string> {
    await world.crm.mode({ mode, times: 1 });
    const id = await world.post(gateway);
    await world.until(gateway, id, 'PERMANENTLY_FAILED');
    return id;
  }

  it('redeliver: the same bytes under the same key, counted on, and the CRM sees one effect', async () => {
    const id = await aDeadLead();
    const before = (await world.lead(gateway, id)).deliveries;
    expect(before).toMatchObject([{ status: 'PERMANENTLY_FAILED', failure_class: 'refused' }]);
    const answer = await replay(id, { kind: 'redeliver' });
    expect(answer).toMatchObject({ status: 202, location: `/v1/leads/${id}`, body: { status: 'READY', delivery_ids: [before[0]?.id] } });
    const lead = await world.until(gateway, id, 'DELIVERED');
    expect(lead.deliveries).toMatchObject([
      { epoch: 1, status: 'DELIVERED', failure_class: null, attempts: [{ attempt_no: 1 }, { attempt_no: 2 }] },
    ]);
    expect(lead.transitions.find(({ from }) => from === 'PERMANENTLY_FAILED')).toMatchObject({
      to: 'READY',
      actor: 'key:admin',
      reason: 'the CRM is mended',
    });
    const requests = await world.crm.requests();
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
    expect(new Set(requests.map(({ bodySha256 }) => bodySha256)).size).toBe(1);
    expect(await world.crm.leads()).toHaveLength(1);
  });

  it('redeliver begins the schedule of attempts anew', async () => {
    const id = await aDeadLead();
    await world.crm.mode({ mode: '500', times: 2 });
    await replay(id, { kind: 'redeliver' });
    const lead = await world.until(gateway, id, 'DELIVERED');
    expect(lead.deliveries[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['refused', 'retry', 'retry', 'delivered']);
  });

  it('nothing is taken up twice, and what was delivered is not delivered again', async () => {
    const id = await world.post(gateway);
    await world.until(gateway, id, 'DELIVERED');
    for (const kind of ['redeliver', 'reprocess']) {
      expect(await replay(id, { kind })).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:delivered' } });
    }
    expect(await world.crm.requests()).toHaveLength(1);
  });

  it('send_as_new: a second effect under a key of its own, also of what was delivered', async () => {
    const id = await world.post(gateway);
    await world.until(gateway, id, 'DELIVERED');
    expect(await replay(id, { kind: 'send_as_new' })).toMatchObject({ status: 202, body: { status: 'READY' } });
    const lead = await world.until(gateway, id, 'DELIVERED');
    expect(lead.deliveries).toMatchObject([
      { epoch: 1, status: 'DELIVERED', superseded_at: expect.any(String) },
      { epoch: 2, status: 'DELIVERED', superseded_at: null },
    ]);
    expect(await world.crm.leads()).toHaveLength(2);
    const requests = await world.crm.requests();
    expect(new Set(requests.map(({ bodySha256 }) => bodySha256)).size).toBe(1);
  });

  it.each([
    ['no reason', { kind: 'redeliver', reason: undefined }, 'reason must say why'],
    ['a reason that names somebody', { kind: 'redeliver', reason: 'john.doe@example.com called' }, 'without e-mail addresses'],
    ['a kind there is none of', { kind: 'again' }, 'kind must be one of'],
    ['a member nobody knows', { kind: 'redeliver', force: true }, 'does not know'],
  ])('%s is refused', async (_, body, detail) => {
    const answer = await replay('0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11', body);
    expect(answer).toMatchObject({
      status: 400,
      body: { type: 'urn:leadgate:problem:invalid_body', detail: expect.stringContaining(detail) },
    });
  });

  it('a lead nobody knows is not found', async () => {
    const answer = await replay('0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11', { kind: 'redeliver' });
    expect(answer).toMatchObject({ status: 404, body: { type: 'urn:leadgate:problem:lead_not_found' } });
  });
});

describe('a lead is decided anew with the configuration as it is now', () => {
  let world: ReplayWorld;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    world = await ReplayWorld.create();
    gateway = await world.gateway();
  });
  afterAll(() => world.end());

  const reprocess = (id: string) => world.ask(gateway, `/v1/leads/${id}/replay`, { kind: 'reprocess', reason: 'the rules are mended' });

  it('from rejected to delivered, with a field that was missing, and with other bytes after a first send', async () => {
    const rejected = await world.post(gateway, {
      email: 'a@example.com',
      phone: '0160 8912301',
      address: { ...{ street: 'Weg 1', city: 'Bonn' }, zip: '53111' },
    });
    await world.until(gateway, rejected, 'REJECTED');
    const unmapped = await world.post(gateway, { email: 'b@example.com', phone: undefined, mobile: '+491608912302' });
    await world.until(gateway, unmapped, 'PERMANENTLY_FAILED');
    expect(await world.ask(gateway, `/v1/leads/${unmapped}/replay`, { kind: 'redeliver', reason: 'once more' })).toMatchObject({
      status: 409,
    });
    await world.crm.mode({ mode: '400', times: 1 });
    const refused = await world.post(gateway, { email: 'c@example.com', phone: '0160 8912303' });
    const [first] = (await world.until(gateway, refused, 'PERMANENTLY_FAILED')).deliveries;

    await world.changeConfig(gateway, (text) =>
      text
        .replaceAll(`'^66[0-9]{3}$'`, () => `'^(66|53)[0-9]{3}$'`)
        .replace('from: [phone], as: text', 'from: [phone, mobile], as: text')
        .replace('default: de', 'default: at'),
    );
    for (const id of [rejected, unmapped, refused]) {
      expect(await reprocess(id)).toMatchObject({ status: 202, body: { status: 'RECEIVED' } });
      expect((await world.until(gateway, id, 'DELIVERED')).journeys).toHaveLength(2);
    }
    const { deliveries } = await world.lead(gateway, refused);
    expect(deliveries).toMatchObject([
      { id: first?.id, epoch: 1, status: 'PERMANENTLY_FAILED', superseded_at: expect.any(String) },
      { epoch: 2, status: 'DELIVERED', superseded_at: null, payload: { lead: { country: 'at' } } },
    ]);
    expect(deliveries[1]?.idempotency_key).not.toBe(first?.idempotency_key);
  });

  it('the same bytes open the same delivery again', async () => {
    await world.crm.mode({ mode: '400', times: 1 });
    const id = await world.post(gateway, { email: 'd@example.com', phone: '0160 8912304' });
    const [first] = (await world.until(gateway, id, 'PERMANENTLY_FAILED')).deliveries;
    await reprocess(id);
    const lead = await world.until(gateway, id, 'DELIVERED');
    expect(lead.deliveries).toMatchObject([{ id: first?.id, epoch: 1, idempotency_key: first?.idempotency_key, status: 'DELIVERED' }]);
    expect(lead.journeys).toHaveLength(2);
  });
});
