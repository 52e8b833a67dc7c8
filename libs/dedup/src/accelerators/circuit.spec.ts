import { Circuit } from './circuit.js';

describe('the circuit around the cache', () => {
  let now: number;
  let circuit: Circuit;
  beforeEach(() => {
    now = 0;
    circuit = new Circuit(() => now);
  });
  const fail = (times: number): void => {
    for (let time = 0; time < times; time += 1) circuit.failed();
  };

  it('opens at the third failure in a row', () => {
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(circuit.admits()).toBe(true);
    circuit.failed();
    expect(circuit.admits()).toBe(false);
  });

  it('lets one call through after a pause of a second, and closes when it succeeds', () => {
    fail(3);
    now = 999;
    expect(circuit.admits()).toBe(false);
    now = 1000;
    expect([circuit.admits(), circuit.admits()]).toEqual([true, false]);
    circuit.succeeded();
    expect([circuit.admits(), circuit.open]).toEqual([true, false]);
  });

  it('doubles the pause up to half a minute', () => {
    fail(3);
    const pauses: number[] = [];
    for (let time = 0; time < 7; time += 1) {
      const from = now;
      while (!circuit.admits()) now += 500;
      pauses.push(now - from);
      circuit.failed();
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });
});
