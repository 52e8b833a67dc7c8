import { eventually } from '../../support/eventually.js';
import type { CrmRequest } from '../../support/gateway-process.js';
import { deliveriesOf, pathOf, postLead, writeTenant, type DeliveryFacts } from '../support/crm-tenant.js';
import { FaultWorld } from '../support/fault-world.js';
import { FAULTS_OF_CRMS, RETRY_BASE_SECONDS, type Expected } from './modes.js';

const ANSWERS = ['plain', 'standard'] as const;
const CASES = ANSWERS.flatMap((answers) =>
  FAULTS_OF_CRMS.map(({ plain, standard, ...fault }) => ({
    ...fault,
    answers,
    destination: { ...fault.destination, name: `${fault.name}-${answers}`, answers },
    expected: (answers === 'standard' ? standard : undefined) ?? plain,
  })),
);

function byPath(requests: readonly CrmRequest[]): ReadonlyMap<string, CrmRequest[]> {
  const groups = new Map<string, CrmRequest[]>();
  for (const request of requests) groups.set(request.path, [...(groups.get(request.path) ?? []), request]);
  return groups;
}

/** What a case says of requests that all came to its end. */
const isOver = ({ end, requests }: Expected, row: DeliveryFacts | undefined): boolean =>
  row !== undefined &&
  row.attempts.filter(({ outcome }) => outcome !== null).length >= requests &&
  (end.status === undefined || row.status === end.status);

/**
 * One lead goes to a destination for every fault, each with its own way to fail at the demo CRM; what came of each is looked at when all are
 * through. One gateway, and no fault waits for another.
 */
describe('one lead and a CRM that', () => {
  let world: FaultWorld;
  let deliveries: ReadonlyMap<string, DeliveryFacts>;
  let requests: ReadonlyMap<string, CrmRequest[]>;

  beforeAll(async () => {
    world = await FaultWorld.open();
    const gateway = world.slot({
      LEADGATE_CONFIG: await writeTenant(
        world,
        CASES.map(({ destination }) => destination),
      ),
      LEADGATE_RETRY_BASE_SECONDS: String(RETRY_BASE_SECONDS),
    });
    for (const { plan, destination } of CASES) await world.crm.mode({ ...plan, path: pathOf(destination.name) });
    await gateway.start();
    const leadId = await postLead(gateway.url);
    deliveries = await eventually('every delivery is where its fault leads it', async () => {
      const rows = await deliveriesOf(world, leadId);
      return CASES.every(({ destination, expected }) => isOver(expected, rows.get(destination.name))) ? rows : undefined;
    }).catch(() => deliveriesOf(world, leadId));
    requests = byPath(await world.crm.requests());
  });
  afterAll(() => world?.close());

  it.each(CASES)('$fault $name: $answers', ({ destination, expected }) => {
    const delivery = deliveries.get(destination.name);
    expect(delivery).toMatchObject(expected.end);
    if (expected.first !== undefined) expect(delivery?.attempts[0]).toMatchObject(expected.first);
    const seen = requests.get(pathOf(destination.name)) ?? [];
    expect(seen).toHaveLength(expected.requests);
    expect(delivery?.attempts).toHaveLength(expected.requests);
    // The same key and the same bytes every time, so that the CRM has at most one lead of it (I3).
    expect(new Set(seen.map(({ key, bodySha256 }) => `${key} ${bodySha256}`)).size).toBe(1);
    const [first, second] = seen.map(({ at }) => Date.parse(at));
    const [least, most = Number.POSITIVE_INFINITY] = expected.gap ?? [0];
    if (first !== undefined && second !== undefined) {
      expect((second - first) / 1000).toBeGreaterThanOrEqual(least);
      expect((second - first) / 1000).toBeLessThan(most);
    }
  });

  it('has each lead once that it says to have, and none that it refused', async () => {
    const keys = new Set((await world.crm.leads()).map(({ key }) => key));
    const effects = Object.fromEntries(
      CASES.map(({ destination }) => {
        const seen = requests.get(pathOf(destination.name)) ?? [];
        return [destination.name, seen.some(({ key }) => keys.has(key)) ? 1 : 0];
      }),
    );
    expect(effects).toEqual(Object.fromEntries(CASES.map(({ destination, expected }) => [destination.name, expected.effects ?? 1])));
    expect(keys.size).toBe((await world.crm.leads()).length);
  });
});
