import { Circuit } from './circuit.js';

describe('the circuit around the cache', () => {
  let now: number;
  let circuit: Circuit;
  beforeEach(() => {
    now = 0;
    circuit = new Circuit(() => now);
  });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) circuit.failed('call');
  };

  it('opens at the third failure in a row', () => {
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(circuit.admits()).toBe('call');
    expect(circuit.failed('call')).toBe(true);
    expect(circuit.admits()).toBeNull();
  });

  it('is not opened further by calls that were under way', () => {
    fail(40);
    now = 1000;
    expect(circuit.admits()).toBe('probe');
  });

  it('lets one call through after a pause of a second, and closes when it succeeds', () => {
    fail(3);
    now = 999;
    expect(circuit.admits()).toBeNull();
    now = 1000;
    expect([circuit.admits(), circuit.admits()]).toEqual(['probe', null]);
    circuit.succeeded();
    expect([circuit.admits(), circuit.open]).toEqual(['call', false]);
  });

  it('doubles the pause up to half a minute', () => {
    fail(3);
    const pauses: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      const from = now;
      while (circuit.admits() === null) now += 500;
      pauses.push(now - from);
      circuit.failed('probe');
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });
});
