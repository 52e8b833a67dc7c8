import { CLOSED_BREAKER, decideBreaker } from '#core';
import { BREAKER_CASES } from '../fixtures/circuit-breaker.js';

describe('the breaker old clients rely on', () => {
  it.each(BREAKER_CASES)('$id: $steps', ({ failures, probeAfterSeconds, steps, expect: outcomes }) => {
    const rules = { failures, probeAfterSeconds, probeLeaseSeconds: 60 };
    let breaker = CLOSED_BREAKER;
    let now = 0;
    const seen: unknown[] = [];
    steps.forEach((step, call) => {
      if (typeof step === 'number') {
        now += step;
        return;
      }
      const asked = decideBreaker(breaker, { kind: 'asked' }, rules, now);
      breaker = asked.breaker;
      if (asked.admits !== null) {
        const kind = step === 'ok' ? 'succeeded' : 'failed';
        breaker = decideBreaker(breaker, { kind, subject: `call ${call}`, probe: asked.admits === 'probe' }, rules, now).breaker;
      }
      const outcome = asked.admits === null ? 'rejected_open' : step === 'ok' ? 'ok' : 'error';
      seen.push({ outcome, state: breaker.state, failures: breaker.failures });
    });
    expect(seen).toEqual(outcomes);
  });
});
