import { CLOSED_BREAKER, decideBreaker, type Breaker, type BreakerEvent, type BreakerRules } from './decide-breaker.js';

const RULES: BreakerRules = { failures: 3, probeAfterSeconds: 300, probeLeaseSeconds: 60 };
const ASKED: BreakerEvent = { kind: 'asked' };
const ended = (kind: 'succeeded' | 'failed' | 'unheard', subject: string, probe = false): BreakerEvent => ({ kind, subject, probe });
const after = (events: readonly BreakerEvent[], { breaker = CLOSED_BREAKER, now = 0, rules = RULES } = {}): Breaker =>
  events.reduce((state, event) => decideBreaker(state, event, rules, now).breaker, breaker);
const OPEN = after(['a', 'b', 'c'].map((lead) => ended('failed', lead)));
const HALF_OPEN = after([ASKED], { breaker: OPEN, now: 300 });

describe('decideBreaker', () => {
  it('counts the failures of one lead once', () => {
    expect(after(Array.from({ length: 20 }, () => ended('failed', 'one')))).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('opens after failures of as many different leads, in a row', () => {
    expect(after([ended('failed', 'a'), ended('failed', 'b'), ended('failed', 'a')])).toMatchObject({ state: 'closed', failures: 2 });
    expect(OPEN).toMatchObject({ state: 'open', failures: 3, probeAt: 300 });
    expect(after([ended('failed', 'a'), ended('failed', 'b'), ended('succeeded', 'z'), ended('failed', 'c')]).failures).toBe(1);
  });

  it('admits nothing until the probe, and then one call', () => {
    expect(decideBreaker(OPEN, ASKED, RULES, 299.9)).toEqual({ breaker: OPEN, admits: null });
    const { breaker, admits } = decideBreaker(OPEN, ASKED, RULES, 300);
    expect(admits).toBe('probe');
    expect(breaker).toMatchObject({ state: 'half_open', probeUntil: 360 });
    expect(decideBreaker(breaker, ASKED, RULES, 359)).toEqual({ breaker, admits: null });
  });

  it('sends another probe when the first one was never heard of', () => {
    expect(decideBreaker(HALF_OPEN, ASKED, RULES, 360)).toMatchObject({ admits: 'probe', breaker: { probeUntil: 420 } });
  });

  it('closes with the success of the probe, and opens for as long again with its failure', () => {
    expect(after([ended('succeeded', 'd', true)], { breaker: HALF_OPEN, now: 310 })).toEqual(CLOSED_BREAKER);
    expect(after([ended('failed', 'd', true)], { breaker: HALF_OPEN, now: 310 })).toMatchObject({
      state: 'open',
      failures: 4,
      probeAt: 610,
    });
    expect(after([ended('failed', 'a', true)], { breaker: HALF_OPEN, now: 310 })).toMatchObject({ state: 'open', failures: 3 });
  });

  it('lets the next probe go at once when our own process broke one off', () => {
    expect(after([ended('unheard', 'd', true)], { breaker: HALF_OPEN, now: 310 })).toMatchObject({ state: 'open', probeAt: 310 });
  });

  it.each([OPEN, HALF_OPEN])('listens to no call that began before it opened ($state)', (breaker) => {
    for (const kind of ['succeeded', 'failed', 'unheard'] as const) expect(after([ended(kind, 'z')], { breaker })).toEqual(breaker);
  });

  it('counts nothing that says nothing about the service', () => {
    expect(after([ended('unheard', 'a'), ended('unheard', 'b'), ended('unheard', 'c')])).toEqual(CLOSED_BREAKER);
  });

  it('switched off it admits everything, whatever it was', () => {
    const rules = { ...RULES, failures: null };
    expect(
      after(
        ['a', 'b', 'c', 'd'].map((lead) => ended('failed', lead)),
        { rules },
      ),
    ).toEqual(CLOSED_BREAKER);
    expect(decideBreaker(OPEN, ASKED, rules, 1)).toEqual({ breaker: CLOSED_BREAKER, admits: 'call' });
  });

  it('remembers no more leads than it takes to open', () => {
    let breaker = HALF_OPEN;
    for (let n = 0; n < 50; n += 1) {
      breaker = after([ended('failed', `lead ${n}`, true)], { breaker });
      breaker = after([ASKED], { breaker, now: 300 });
    }
    expect(breaker.failedSubjects).toHaveLength(3);
    expect(breaker.failures).toBe(53);
  });
});
