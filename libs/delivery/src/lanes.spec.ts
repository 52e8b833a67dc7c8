import type { DeliveryId, DestinationId } from '#core';
import { CallBudgets, type CallBudget } from './call-budgets.port.js';
import { Lanes } from './lanes.js';

const [CRM, OTHER] = ['demo/crm', 'demo/other'] as [DestinationId, DestinationId];
const id = (n: number): DeliveryId => `delivery-${n}` as DeliveryId;

class BudgetsUnderTest extends CallBudgets {
  readonly asked: (readonly DestinationId[])[] = [];
  away = false;
  override async lease(destinations: readonly DestinationId[]): Promise<ReadonlyMap<DestinationId, CallBudget>> {
    this.asked.push(destinations);
    if (this.away) throw new Error('Postgres is away');
    return new Map(destinations.map((one) => [one, { processes: 1, place: 0, callsPerSecond: null }]));
  }
  override async giveUp(): Promise<void> {}
}

function theLanes() {
  const budgets = new BudgetsUnderTest();
  const began: DeliveryId[] = [];
  const ends: (() => void)[] = [];
  const given: DeliveryId[] = [];
  const failures: unknown[] = [];
  const lanes = new Lanes(
    budgets,
    () => ({
      limits: () => ({ concurrency: null, concurrencyPerProcess: 32, ratePerSecond: null }),
      turn: (one) => {
        began.push(one);
        return new Promise((resolve) => ends.push(() => resolve('over')));
      },
      giveBack: async (ids) => void given.push(...ids),
    }),
    (error) => failures.push(error),
  );
  return { lanes, budgets, began, ends, given, failures };
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the lanes of a process', () => {
  it('share one statement a second that says which are in use and hears what each may do', async () => {
    const { lanes, budgets, began } = theLanes();
    void lanes.of(CRM).enter(id(0));
    void lanes.of(OTHER).enter(id(1));
    await pass(0);
    expect(budgets.asked).toEqual([[CRM, OTHER]]);
    expect(began).toEqual([id(0), id(1)]);
    await pass(3000);
    expect(budgets.asked).toHaveLength(4);
  });

  it('ask for a lane that comes into use at once, not a second later', async () => {
    const { lanes, budgets, began } = theLanes();
    void lanes.of(CRM).enter(id(0));
    await pass(100);
    void lanes.of(OTHER).enter(id(1));
    await pass(0);
    expect(budgets.asked).toEqual([[CRM], [CRM, OTHER]]);
    expect(began).toEqual([id(0), id(1)]);
  });

  it('ask for nothing once nothing was in them for a while', async () => {
    const { lanes, budgets, ends } = theLanes();
    const end = lanes.of(CRM).enter(id(0));
    await pass(0);
    ends[0]?.();
    await end;
    expect(lanes.busy).toBe(false);
    await pass(10_000);
    const asked = budgets.asked.length;
    expect(lanes.sizes()).toEqual(new Map());
    await pass(10_000);
    expect(budgets.asked).toHaveLength(asked);
  });

  it('go on with what they had while Postgres is away, and begin with nothing they never heard of', async () => {
    const { lanes, budgets, began, failures } = theLanes();
    void lanes.of(CRM).enter(id(0));
    await pass(0);
    budgets.away = true;
    await pass(1000);
    void lanes.of(CRM).enter(id(1));
    void lanes.of(OTHER).enter(id(2));
    await pass(0);
    expect(began).toEqual([id(0), id(1)]);
    expect(failures.length).toBeGreaterThan(0);
    budgets.away = false;
    await pass(1000);
    expect(began).toEqual([id(0), id(1), id(2)]);
  });

  it('give everything back when the process stops, also what comes afterwards', async () => {
    const { lanes, began, given } = theLanes();
    void lanes.of(CRM).enter(id(0));
    await lanes.close();
    await lanes.of(CRM).enter(id(1));
    await lanes.of(OTHER).enter(id(2));
    await pass(5000);
    expect(given).toEqual([id(0), id(1), id(2)]);
    expect(began).toEqual([]);
  });
});
