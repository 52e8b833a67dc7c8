import { FAULT_MODES, FaultSwitch, NO_FAULT, readFaultPlan, retryAfterText } from './fault-modes.js';

describe('reading a fault plan', () => {
  it.each(FAULT_MODES)('knows mode %s', (mode) => {
    expect(readFaultPlan({ mode })).toEqual({ ok: true, plan: { ...NO_FAULT, mode, ms: mode === 'drip' ? 300 : 2000 }, path: null });
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
    { description: 'a later beginning', given: { mode: '401', after: 3 }, plan: { mode: '401', after: 3 } },
    { description: 'another place', given: { mode: '302', location: 'http://10.0.0.1/' }, plan: { location: 'http://10.0.0.1/' } },
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
    { description: 'a beginning before now', given: { mode: '500', after: -1 }, says: '"after"' },
    { description: 'a path that is none', given: { mode: '500', path: 'leads' }, says: '"path"' },
    { description: 'a place that would break the header', given: { mode: '302', location: 'http://a/\r\nx: y' }, says: '"location"' },
    { description: 'a delay over ten minutes', given: { mode: 'slow', ms: 600_001 }, says: '"ms"' },
  ])('refuses $description and says what is allowed', ({ given, says }) => {
    expect(readFaultPlan(given)).toEqual({ ok: false, detail: expect.stringContaining(says) });
  });
});

describe('the fault switch', () => {
  it('is well again when the uses are spent', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: '500', times: 2 });
    expect([faults.take('/leads'), faults.take('/leads'), faults.take('/leads')].map((plan) => plan.mode)).toEqual(['500', '500', 'ok']);
    expect(faults.current()).toEqual(NO_FAULT);
  });

  it('keeps a mode without times until it is changed', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: 'html' });
    for (let use = 0; use < 10; use += 1) expect(faults.take('/leads').mode).toBe('html');
  });

  it('begins after as many well answers as told', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: '401', after: 2, times: 1 });
    expect([1, 2, 3, 4].map(() => faults.take('/leads').mode)).toEqual(['ok', 'ok', '401', 'ok']);
  });

  it('knows a mode for one path beside the one for all others, and ends each by itself', () => {
    const faults = new FaultSwitch();
    faults.set({ ...NO_FAULT, mode: 'timeout' }, '/lead/receive/slow');
    faults.set({ ...NO_FAULT, mode: '500', times: 1 });
    const modes = (): string[] => ['/leads', '/lead/receive/slow'].map((path) => faults.take(path).mode);
    expect([modes(), modes()]).toEqual([
      ['500', 'timeout'],
      ['ok', 'timeout'],
    ]);
    expect(Object.keys(faults.paths())).toEqual(['/lead/receive/slow']);
    faults.set(NO_FAULT, '/lead/receive/slow');
    expect([modes(), faults.paths()]).toEqual([['ok', 'ok'], {}]);
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-22T12:00:00Z');
  it.each([
    [null, undefined],
    [7, '7'],
    ['soon', 'soon'],
    ['-5', '-5'],
    ['1e9', '1e9'],
    ['date:120', 'Sun, 22 Nov 2026 12:02:00 GMT'],
    ['date:-60', 'Sun, 22 Nov 2026 11:59:00 GMT'],
  ])('%s is sent as %s', (retryAfter, text) => {
    expect(retryAfterText({ ...NO_FAULT, retryAfter }, now)).toBe(text);
  });
});
