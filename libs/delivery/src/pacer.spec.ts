import { Pacer } from './pacer.js';

/** When calls begin that are asked for as early as may be. @param lateMs by which a timer is late */
function begins(pacer: Pacer, perSecond: number, { count, from, lateMs = 0 }: { count: number; from: number; lateMs?: number }): number[] {
  let now = from;
  return Array.from({ length: count }, () => {
    const wait = pacer.waitMs(perSecond, now);
    now += wait === 0 ? 0 : wait + lateMs;
    pacer.began(perSecond, now);
    return now;
  });
}

describe('calls at a pace', () => {
  it('begin at once and then one gap after the other', () => {
    expect(begins(new Pacer(), 10, { count: 4, from: 5000 })).toEqual([5000, 5100, 5200, 5300]);
  });

  it('need no gap without a pace', () => {
    const pacer = new Pacer();
    pacer.began(null, 5000);
    expect(pacer.waitMs(null, 5000)).toBe(0);
  });

  it('keep the pace also where timers are late', () => {
    const times = begins(new Pacer(), 20, { count: 101, from: 0, lateMs: 15 });
    expect(times.at(-1)).toBeLessThanOrEqual(5000 + 15);
  });

  it('make nothing up for time in which nobody called', () => {
    const pacer = new Pacer();
    begins(pacer, 10, { count: 2, from: 0 });
    expect(begins(pacer, 10, { count: 3, from: 60_000 })).toEqual([60_000, 60_100, 60_200]);
  });

  it('are no more in any second than the pace and the call that begins it', () => {
    const times = begins(new Pacer(), 7, { count: 200, from: 0, lateMs: 40 });
    for (const time of times) expect(times.filter((other) => other >= time && other < time + 1000).length).toBeLessThanOrEqual(8);
  });

  it('follow a pace that changed at once, in both directions', () => {
    const pacer = new Pacer();
    pacer.began(0.01, 0);
    expect(pacer.waitMs(0.01, 1000)).toBe(99_000);
    expect(pacer.waitMs(2, 1000)).toBe(0);
    pacer.began(2, 1000);
    expect(pacer.waitMs(0.5, 1100)).toBe(1900);
  });

  it('are slowed from the last call on when a pace comes', () => {
    const pacer = new Pacer();
    pacer.began(null, 1000);
    expect(pacer.waitMs(2, 1100)).toBe(400);
  });
});

describe('calls a second', () => {
  it('are those of the last second or of this one, whichever were more, and none after a quiet one', () => {
    const pacer = new Pacer();
    for (const at of [100, 200, 300]) pacer.began(null, at);
    pacer.began(null, 1100);
    expect(pacer.callsPerSecond(1200)).toBe(3);
    expect(pacer.callsPerSecond(2200)).toBe(1);
    expect(pacer.callsPerSecond(9000)).toBe(0);
  });
});
