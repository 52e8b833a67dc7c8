import type { DeliveryId } from '#core';
import type { CallBudget } from './call-budgets.port.js';
import type { CallLimits } from './decide-share.js';
import { Lane, type TurnEnd } from './lane.js';

const ALONE: CallBudget = { processes: 1, place: 0, callsPerSecond: null };
const id = (n: number): DeliveryId => `delivery-${n}` as DeliveryId;
const ids = (count: number): DeliveryId[] => Array.from({ length: count }, (_, n) => id(n));

class Turn {
  constructor(
    readonly id: DeliveryId,
    readonly callEnded: () => void,
    readonly end: (end: TurnEnd) => void,
    readonly fail: (error: Error) => void,
  ) {}
}

function aLane(limits: Partial<CallLimits> = {}) {
  const turns: Turn[] = [];
  const given: DeliveryId[][] = [];
  const wanted: CallLimits = { concurrency: 2, concurrencyPerProcess: 32, ratePerSecond: null, ...limits };
  const lane = new Lane({
    limits: () => wanted,
    turn: (one, callEnded) => new Promise((resolve, reject) => turns.push(new Turn(one, callEnded, resolve, reject))),
    giveBack: async (back) => void given.push([...back]),
  });
  const began = (): DeliveryId[] => turns.map((turn) => turn.id);
  return { lane, turns, given, began, turnOf: (n: number) => turns[n] as Turn };
}

const soon = () => jest.advanceTimersByTimeAsync(0);

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the deliveries of one destination', () => {
  it('wait until it is known what this process may do', () => {
    const { lane, began } = aLane();
    void lane.enter(id(0));
    expect(began()).toEqual([]);
    lane.renew(ALONE);
    expect(began()).toEqual([id(0)]);
  });

  it('have their turns in the order in which they came, as many at once as are allowed', async () => {
    const { lane, began, turnOf } = aLane();
    lane.renew(ALONE);
    for (const one of ids(4)) void lane.enter(one);
    expect(began()).toEqual([id(0), id(1)]);
    turnOf(1).end('over');
    await soon();
    expect(began()).toEqual([id(0), id(1), id(2)]);
  });

  it('free their place when the call ended, not when its outcome is written', async () => {
    const { lane, began, turnOf } = aLane();
    lane.renew(ALONE);
    for (const one of ids(4)) void lane.enter(one);
    turnOf(0).callEnded();
    expect(began()).toHaveLength(3);
    // The end of the turn frees no second place.
    turnOf(0).end('over');
    await soon();
    expect(began()).toHaveLength(3);
  });

  it('that are here already have one turn, and whoever brings them again hears of the same end', async () => {
    const { lane, began, turnOf } = aLane();
    lane.renew(ALONE);
    const first = lane.enter(id(0));
    expect(lane.enter(id(0))).toBe(first);
    expect(lane.size).toBe(1);
    turnOf(0).end('over');
    await first;
    expect(lane.size).toBe(0);
    void lane.enter(id(0));
    expect(began()).toEqual([id(0), id(0)]);
  });

  it('are all given back at once when nothing is sent to it now; calls under way go on', async () => {
    const { lane, turns, given, began, turnOf } = aLane();
    lane.renew(ALONE);
    const ends = ids(10).map((one) => lane.enter(one));
    turnOf(0).end('held_back');
    await ends[9];
    expect(given).toEqual([ids(10).slice(2)]);
    expect(turns).toHaveLength(2);
    expect(lane.size).toBe(1);
    // Whoever comes then has a turn, and hears for himself.
    void lane.enter(id(10));
    expect(began()).toEqual([id(0), id(1), id(10)]);
  });

  it('go on when one fails, and whoever brought it hears of that', async () => {
    const { lane, began, turnOf } = aLane({ concurrency: 1 });
    lane.renew(ALONE);
    const first = lane.enter(id(0));
    void lane.enter(id(1));
    turnOf(0).fail(new Error('Postgres is away'));
    await expect(first).rejects.toThrow('Postgres is away');
    expect(began()).toEqual([id(0), id(1)]);
  });

  it('are no more than a lane holds: an id each, and the rest goes back', async () => {
    const { lane, given } = aLane();
    for (const one of ids(2000)) void lane.enter(one);
    await lane.enter(id(2000));
    expect(lane.size).toBe(2000);
    expect(given).toEqual([[id(2000)]]);
  });

  it('are given back when the process stops, also those that come afterwards; nothing begins any more', async () => {
    const { lane, given, began, turnOf } = aLane({ concurrency: 1 });
    lane.renew(ALONE);
    const waiting = ids(3).map((one) => lane.enter(one));
    lane.close();
    await Promise.all(waiting.slice(1));
    await lane.enter(id(3));
    expect(given).toEqual([[id(1), id(2)], [id(3)]]);
    turnOf(0).end('over');
    await waiting[0];
    lane.renew(ALONE);
    expect(began()).toEqual([id(0)]);
  });

  it('are sent at the pace of this process’s share, whatever else is allowed', async () => {
    const { lane, turns, began } = aLane({ concurrency: null, ratePerSecond: 20 });
    lane.renew({ processes: 2, place: 1, callsPerSecond: null });
    for (const one of ids(50)) void lane.enter(one);
    await jest.advanceTimersByTimeAsync(2000);
    // Ten a second, and the one that goes at once.
    expect(began()).toHaveLength(21);
    expect(lane.callsPerSecond()).toBe(20);
    for (const { end } of turns) end('over');
  });

  it('are sent faster as soon as they may be', async () => {
    const { lane, began } = aLane({ concurrency: null, ratePerSecond: null });
    lane.renew({ processes: 1, place: 0, callsPerSecond: 0.1 });
    for (const one of ids(5)) void lane.enter(one);
    await jest.advanceTimersByTimeAsync(3000);
    expect(began()).toHaveLength(1);
    lane.renew({ processes: 1, place: 0, callsPerSecond: null });
    expect(began()).toHaveLength(5);
  });
});

describe('a lane that is empty', () => {
  it('may be forgotten when its destination may be called again at once: the gap of a slow pace outlasts it', async () => {
    const { lane, turnOf } = aLane({ ratePerSecond: 0.05 });
    lane.renew(ALONE);
    const end = lane.enter(id(0));
    expect(lane.isForgettable(5000)).toBe(false);
    turnOf(0).end('over');
    await end;
    await jest.advanceTimersByTimeAsync(6000);
    expect(lane.isForgettable(5000)).toBe(false);
    await jest.advanceTimersByTimeAsync(14_000);
    expect(lane.isForgettable(5000)).toBe(true);
  });
});
