import { canTransition } from '#core';
import { TRANSITION_CASES } from '../fixtures/lead-transitions.js';

describe('the lead statuses follow one another as the replaced systems had it', () => {
  it.each(TRANSITION_CASES)('$id: $from → $to is $expect', ({ from, to, expect: allowed }) => {
    expect(canTransition(from, to)).toBe(allowed);
  });
});
