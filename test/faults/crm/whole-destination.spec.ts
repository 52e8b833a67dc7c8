import { eventually } from '../../support/eventually.js';
import { ADMIN_KEY, type CrmRequest } from '../../support/gateway-process.js';
import { deliveriesOf, pathOf, postLead, writeTenant, type DeliveryFacts, type DestinationWish } from '../support/crm-tenant.js';
import { FaultWorld } from '../support/fault-world.js';
import type { GatewaySlot } from '../support/gateway-slot.js';

const BASE_SECONDS = 0.1;
/** What the default breaker waits for a probe: ten times the base. */
const PROBE_SECONDS = 1;
/** Moments of the CRM are cut to milliseconds. */
const CUT = 0.002;

const DESTINATIONS: readonly DestinationWish[] = [
  ...['held', 'refuses', 'gone', 'moved', 'down', 'flapping', 'edited', 'deleted', 'well'].map((name) => ({ name })),
];

/**
 * What one answer means for all leads of a destination. Two gateways share everything through Postgres, so whatever holds here holds for the
 * destination and not for a process.
 */
describe('a CRM in trouble, and two gateways', () => {
  let world: FaultWorld;
  let gateways: GatewaySlot[];
  let number = 0;

  beforeAll(async () => {
    world = await FaultWorld.open({ env: { LEADGATE_RETRY_BASE_SECONDS: String(BASE_SECONDS) } });
    const env = { LEADGATE_CONFIG: await writeTenant(world, DESTINATIONS, { routed: true }) };
    gateways = [world.slot(env), world.slot(env)];
    for (const gateway of gateways) await gateway.start();
  });
  afterAll(() => world?.close());

  const postTo = (url: string, to: string): Promise<string> => {
    number += 1;
    return postLead(url, number, to);
  };
  const post = (to: string): Promise<string> => postTo((gateways[number % 2] as GatewaySlot).url, to);
  const postMany = (to: string, count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, () => post(to)));
  const deliveryOf = async (to: string, leadId: string): Promise<DeliveryFacts | undefined> => (await deliveriesOf(world, leadId)).get(to);
  const requestsTo = async (to: string): Promise<CrmRequest[]> => (await world.crm.requests()).filter(({ path }) => path === pathOf(to));
  const secondsOf = (request: CrmRequest | undefined): number => Date.parse(request?.at ?? '') / 1000;
  const attempted = (to: string, leadId: string, times = 1): Promise<DeliveryFacts> =>
    eventually(`${to} has answered ${times} times`, async () => {
      const delivery = await deliveryOf(to, leadId);
      return delivery !== undefined && delivery.attempts.filter(({ outcome }) => outcome !== null).length >= times ? delivery : undefined;
    });
  const delivered = (to: string, count: number): Promise<void> =>
    world.until(
      `${count} leads are delivered to ${to}`,
      `select from deliveries where destination_id = $1 and status = 'DELIVERED' having count(*) = $2`,
      [`crm/${to}`, count],
    );
  const eventsOf = async (to: string): Promise<string[]> =>
    (
      await world.rows<{ type: string }>('select type from operator_events where subject = $1 and type <> $2 order by id', [
        `crm/${to}`,
        'dead_letters.appeared',
      ])
    ).map(({ type }) => type);
  const effectsOf = async (to: string): Promise<{ requests: number; leads: number }> => {
    const requests = await requestsTo(to);
    const keys = new Set(requests.map(({ key }) => key));
    return { requests: requests.length, leads: (await world.crm.leads()).filter(({ key }) => keys.has(key)).length };
  };
  /**
   * These are due, leads that came after them were sent elsewhere in the meantime, and whoever is not paused has had a turn: they wait, and
   * nothing was tried.
   */
  const waits = async (to: string, leadIds: readonly string[]): Promise<void> => {
    await world.until(
      `they are on their way to ${to}`,
      'select from deliveries where destination_id = $1 and lead_id = any($2::uuid[]) having count(*) = $3',
      [`crm/${to}`, leadIds, leadIds.length],
    );
    await othersHadTheirTurn();
    for (const leadId of leadIds) expect(await deliveryOf(to, leadId)).toMatchObject({ status: 'PENDING', attempts: [] });
  };
  const othersHadTheirTurn = async (): Promise<void> => {
    for (const { url } of gateways) {
      const leadId = await postTo(url, 'well');
      await eventually('a lead of a destination that is well is delivered', async () =>
        (await deliveryOf('well', leadId))?.status === 'DELIVERED' ? true : undefined,
      );
    }
  };
  const resume = async (to: string): Promise<void> => {
    const answer = await fetch(`${gateways[0]?.url}/v1/destinations/${to}/resume?tenant=crm`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'mended' }),
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
  };

  it('F48: Retry-After holds the whole destination, and who waits uses up no attempt', async () => {
    await world.crm.mode({ mode: '429', times: 1, retryAfter: 2, path: pathOf('held') });
    const first = await post('held');
    await attempted('held', first);
    const others = await postMany('held', 2);
    await delivered('held', 3);
    const requests = await requestsTo('held');
    expect(requests).toHaveLength(4);
    for (const later of requests.slice(1)) expect(secondsOf(later) - secondsOf(requests[0])).toBeGreaterThanOrEqual(2 - CUT);
    for (const leadId of others) expect((await deliveryOf('held', leadId))?.attempts).toHaveLength(1);
  });

  it('F61: credentials refused in the middle of a stream: the destination is paused, told once, and its leads wait', async () => {
    await world.crm.mode({ mode: '401', after: 3, path: pathOf('refuses') });
    for (let n = 0; n < 3; n += 1) await post('refuses');
    await delivered('refuses', 3);
    const refused = await post('refuses');
    await world.until('the destination is paused', `select from breakers where service_id = 'crm/refuses' and paused_at is not null`);
    const waiting = await postMany('refuses', 5);
    await waits('refuses', waiting);
    expect(await effectsOf('refuses')).toEqual({ requests: 4, leads: 3 });
    expect(await eventsOf('refuses')).toEqual(['destination.paused']);

    await world.crm.mode({ mode: 'ok', path: pathOf('refuses') });
    await resume('refuses');
    await delivered('refuses', 9);
    expect(await effectsOf('refuses')).toEqual({ requests: 10, leads: 9 });
    expect((await deliveryOf('refuses', refused))?.attempts).toHaveLength(2);
    expect(await eventsOf('refuses')).toEqual(['destination.paused', 'destination.resumed']);
  });

  it('F62: 410 pauses the destination at once', async () => {
    await world.crm.mode({ mode: '410', path: pathOf('gone') });
    const first = await post('gone');
    await attempted('gone', first);
    const later = await post('gone');
    await waits('gone', [later]);
    expect(await requestsTo('gone')).toHaveLength(1);
    expect(await world.rows(`select pause_reason from breakers where service_id = 'crm/gone'`)).toEqual([{ pause_reason: 'gone' }]);
  });

  it('F62 F56: nobody at the address for three leads: it is wrong, and the fourth lead waits', async () => {
    await world.crm.mode({ mode: '404', path: pathOf('moved') });
    for (let n = 0; n < 3; n += 1) await attempted('moved', await post('moved'));
    const fourth = await post('moved');
    await waits('moved', [fourth]);
    expect(await requestsTo('moved')).toHaveLength(3);
    expect(await eventsOf('moved')).toEqual(['destination.paused']);
  });

  it('F47 F65: five leads fail, the breaker opens; of two processes one sends one probe at a time; all come through without a herd', async () => {
    await world.crm.mode({ mode: '500', path: pathOf('down') });
    const first = await postMany('down', 5);
    await world.until('the breaker opens', `select from breakers where service_id = 'crm/down' and state = 'open'`);
    await world.until(
      'no call is under way',
      `select from deliveries where destination_id = 'crm/down' having count(*) filter (where status = 'SENDING') = 0`,
    );
    const before = (await requestsTo('down')).length;
    const waiting = await postMany('down', 60);
    const probes = await eventually('three probes went out', async () => {
      const requests = (await requestsTo('down')).slice(Math.max(0, before - 1));
      return requests.length >= 4 ? requests : undefined;
    });
    await world.crm.mode({ mode: 'ok', path: pathOf('down') });
    for (const [at, probe] of probes.entries()) {
      if (at > 1) expect(secondsOf(probe) - secondsOf(probes[at - 1])).toBeGreaterThanOrEqual(PROBE_SECONDS - CUT);
    }
    await delivered('down', 65);
    const [{ closed } = { closed: 0 }] = await world.rows<{ closed: number }>(
      `select extract(epoch from closed_at)::float8 as closed from breakers where service_id = 'crm/down'`,
    );
    const requests = await requestsTo('down');
    const wellAgain = requests.filter((request) => secondsOf(request) >= closed);
    // Twice a second when it begins, and twice as fast with each second. Without that, all that wait would come at once: up to 32 per process.
    expect(wellAgain.filter((request) => secondsOf(request) < closed + 1).length).toBeLessThanOrEqual(10);
    // Only probes failed meanwhile, and a probe is an attempt: whoever just waited was sent once.
    const probed = requests.slice(before).filter(({ status }) => status === 500).length;
    const attempts = await Promise.all(waiting.map(async (leadId) => (await deliveryOf('down', leadId))?.attempts.length ?? 0));
    expect(attempts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(waiting.length + probed);
    expect(attempts.filter((count) => count > 1).length).toBeLessThanOrEqual(probed);
    expect(await effectsOf('down')).toEqual({ requests: requests.length, leads: 65 });
    expect(await eventsOf('down')).toEqual(['breaker.opened', 'breaker.closed']);
    expect(first).toHaveLength(5);
  });

  it('F65: a CRM that fails every second request gets every lead, once', async () => {
    await world.crm.mode({ mode: 'flap', path: pathOf('flapping') });
    await postMany('flapping', 12);
    await delivered('flapping', 12);
    expect((await effectsOf('flapping')).leads).toBe(12);
  });

  async function configure(destinations: readonly DestinationWish[], version: number): Promise<void> {
    await writeTenant(world, destinations, { routed: true });
    for (const gateway of gateways)
      await eventually(`version ${version} is taken up`, async () =>
        gateway.output().includes(`"version":${version},"msg":"configuration taken up"`) ? true : undefined,
      );
  }
  const configVersionOf = async (leadId: string): Promise<number | undefined> =>
    (
      await world.rows<{ version: number }>(
        `select version from journeys join config_versions on config_versions.id = journeys.config_version_id where lead_id = $1`,
        [leadId],
      )
    )[0]?.version;

  it('F88: edited and deleted while calls are under way: those end as they began, later leads follow the new version, and both are told', async () => {
    for (const to of ['edited', 'deleted']) await world.crm.mode({ mode: 'slow', ms: 6000, times: 1, path: pathOf(to) });
    const under = { edited: await post('edited'), deleted: await post('deleted') };
    await eventually('both calls are under way', async () =>
      (await requestsTo('edited')).length + (await requestsTo('deleted')).length === 2 ? true : undefined,
    );
    await configure(
      DESTINATIONS.filter(({ name }) => name !== 'deleted').map((wish) =>
        wish.name === 'edited' ? { ...wish, url: `${world.crm.url}${pathOf('edited-anew')}` } : wish,
      ),
      2,
    );
    const after = { edited: await post('edited'), deleted: await post('deleted') };
    await delivered('edited', 2);
    await delivered('deleted', 1);
    expect((await deliveryOf('edited', under.edited))?.attempts).toHaveLength(1);
    expect((await deliveryOf('deleted', under.deleted))?.attempts).toHaveLength(1);
    await eventually('a lead that no route takes is kept', async () =>
      (await world.rows<{ status: string }>('select status from leads where id = $1', [after.deleted]))[0]?.status === 'KEPT'
        ? true
        : undefined,
    );
    const seen = await Promise.all(['edited', 'edited-anew', 'deleted'].map(async (to) => (await requestsTo(to)).length));
    expect(seen).toEqual([1, 1, 1]);
    expect(await Promise.all([under.edited, after.edited, under.deleted, after.deleted].map(configVersionOf))).toEqual([1, 2, 1, 2]);
    const changes = await world.rows<{ n: number }>(
      `select count(*)::int as n from audit_events where tenant_id = 'crm' and type = 'config.activated'`,
    );
    expect(changes).toEqual([{ n: 2 }]);
  });
});
