import { FAULT_MODES, FaultSwitch, NO_FAULT, readFaultPlan } from './fault-modes.js';

describe('reading a fault plan', () => {
  it.each(FAULT_MODES)('knows mode %s', (mode) => {
    expect(readFaultPlan({ mode })).toEqual({ ok: true, plan: { mode, times: null, retryAfter: null, ms: 2000 } });
  });

  it.each([
    {
      description: 'a mode written as a number',
      given: { mode: 503, times: 2, retryAfter: 7 },
      plan: { mode: '503', times: 2, retryAfter: 7 },
    },
    {
      description: 'an HTTP date',
      given: { mode: '429', retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' },
      plan: { retryAfter: 'Wed, 21 Oct 2026 07:28:00 GMT' },
    },
    { description: 'null as left out', given: { mode: 'ok', times: null, retryAfter: null, ms: null }, plan: NO_FAULT },
    { description: 'a delay', given: { mode: 'slow', ms: 0 }, plan: { mode: 'slow', ms: 0 } },
  ])('takes $description', ({ given, plan }) => {
    expect(readFaultPlan(given)).toMatchObject({ ok: true, plan });
  });

  it.each([
    { description: 'no object', given: undefined, says: 'JSON object' },
    { description: 'an array', given: [], says: FAULT_MODES.join(', ') },
    { description: 'an unknown mode', given: { mode: '418' }, says: FAULT_MODES.join(', ') },
    { description: 'no times at all', given: { mode: '500', times: 0 }, says: '"times"' },
    { description: 'half a time', given: { mode: '500', times: 1.5 }, says: '"times"' },
    { description: 'a negative wait', given: { mode: '503', retryAfter: -1 }, says: '"retryAfter"' },
    { description: 'a wait that would break the header', given: { mode: '503', retryAfter: '1\r\nx: y' }, says: '"retryAfter"' },
    { description: 'a delay over ten minutes', given: { mode: 'slow', ms: 600_001 }, says: '"ms"' },
  ])('refuses $description and says what is allowed', ({ given, says }) => {
    expect(readFaultPlan(given)).toEqual({ ok: false, detail: expect.stringContaining(says) });
  });
});

describe('the fault switch', () => {
  it('is well again when the uses are spent', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: '500', times: 2 });
    expect([faults.take(), faults.take(), faults.take()].map((plan) => plan.mode)).toEqual(['500', '500', 'ok']);
    expect(faults.current()).toEqual(NO_FAULT);
  });

  it('keeps a mode without times until it is changed', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: 'html' });
    for (let use = 0; use < 10; use += 1) expect(faults.take().mode).toBe('html');
  });
});
