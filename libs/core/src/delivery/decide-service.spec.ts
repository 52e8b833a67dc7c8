import type { ServiceWord } from './classify-service.js';
import { decideService, paceOf, UNTROUBLED, type ServiceNews, type ServiceRecord } from './decide-service.js';

const RULES = { failures: 3, probeAfterSeconds: 300, probeLeaseSeconds: 60 };
const WORKS: ServiceWord = { health: 'works', quietSeconds: null, tooFast: false, pause: null, misdirected: false };
const news = (subject: string, word: Partial<ServiceWord> = {}, given: Partial<ServiceNews> = {}): ServiceNews => ({
  word: { ...WORKS, ...word },
  subject,
  probe: false,
  callsPerSecond: 20,
  ...given,
});
const FAILS = { health: 'fails' } as const;
const after = (calls: readonly ServiceNews[], record: ServiceRecord = UNTROUBLED, now = 1000) => decideService(record, calls, RULES, now);
const OPEN = after(['a', 'b', 'c'].map((lead) => news(lead, FAILS))).record;

describe('what calls that ended together do to the record of a destination', () => {
  it('leaves it as it is while all is well', () => {
    expect(after([news('a'), news('b')])).toEqual({ record: UNTROUBLED, changes: [] });
  });

  it('opens its breaker once, and tells it once', () => {
    expect(OPEN.breaker).toMatchObject({ state: 'open', probeAt: 1300 });
    expect(after(['a', 'b', 'c'].map((lead) => news(lead, FAILS))).changes).toEqual(['breaker.opened']);
    expect(after([news('d', FAILS)], OPEN).changes).toEqual([]);
  });

  it('takes one that worked for the end of the row beside it', () => {
    expect(after([news('a', FAILS), news('b', FAILS), news('c'), news('d', FAILS)]).record.breaker.failures).toBe(0);
  });

  it('closes it with a probe that worked, and begins slowly', () => {
    const probing: ServiceRecord = { ...OPEN, breaker: { ...OPEN.breaker, state: 'half_open', probeUntil: 1360 } };
    const { record, changes } = after([news('d', {}, { probe: true })], probing, 1310);
    expect(changes).toEqual(['breaker.closed']);
    expect(record.breaker.state).toBe('closed');
    expect([paceOf(record, 1310), paceOf(record, 1313), paceOf(record, 1320)]).toEqual([2, 16, null]);
  });

  it('holds it for the longest time that was asked for, and never for less than before', () => {
    const { record } = after([news('a', { quietSeconds: 5 }), news('b', { quietSeconds: 60 })]);
    expect(record.holdUntil).toBe(1060);
    expect(after([news('c', { quietSeconds: 1 })], record, 1010).record.holdUntil).toBe(1060);
  });

  it('halves its pace once for the calls of a moment, and again for those of the next', () => {
    const slow = after([news('a', { tooFast: true }), news('b', { tooFast: true })]).record;
    expect(slow.throttle).toEqual({ callsPerSecond: 10, at: 1000 });
    expect(after([news('c', { tooFast: true })], slow, 1000.5).record.throttle).toEqual(slow.throttle);
    expect(after([news('c', { tooFast: true })], slow, 1060).record.throttle).toEqual({ callsPerSecond: 10, at: 1060 });
    expect(after([news('c', { tooFast: true }, { callsPerSecond: 4 })], slow, 1060).record.throttle).toEqual({
      callsPerSecond: 2,
      at: 1060,
    });
  });

  it('pauses it once, for the first reason', () => {
    const paused = after([news('a', { pause: 'destination_refuses_us' }), news('b', { pause: 'gone' })]);
    expect(paused).toMatchObject({ record: { pause: { reason: 'destination_refuses_us', at: 1000 } }, changes: ['destination.paused'] });
    expect(after([news('c', { pause: 'gone' })], paused.record, 1001).changes).toEqual([]);
  });

  it('pauses it when three leads in a row found nobody there', () => {
    const nobody = (lead: string) => news(lead, { misdirected: true });
    const two = after([nobody('a'), nobody('b'), nobody('a')]).record;
    expect(two.pause).toBeNull();
    expect(after([nobody('c')], two).record.pause).toEqual({ reason: 'misconfigured', at: 1000 });
    expect(after([nobody('c')], after([news('z')], two).record).record.pause).toBeNull();
  });
});
