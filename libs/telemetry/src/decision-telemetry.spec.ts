import type { DecisionEvent, TenantId } from '#core';
import { DecisionTelemetry, FLUSH_MS } from './decision-telemetry.js';
import type { Outlet } from './udp-outlet.js';

const EVENT: DecisionEvent = {
  tenantId: 't1' as TenantId,
  decision: 'PASS',
  sourceType: 'API',
  latencyMs: 3,
  duplicateCheckSkipped: false,
};

/** An outlet whose datagrams leave when the test says so. */
class HandOutlet implements Outlet {
  takes = true;
  readonly problem = undefined;
  readonly handed: string[] = [];
  readonly settle: ((sent: boolean) => void)[] = [];
  closed = false;
  isReady(): boolean {
    return this.takes;
  }
  send(text: string, done: (sent: boolean) => void): void {
    this.handed.push(text);
    this.settle.push(done);
  }
  idle(): Promise<void> {
    return this.settle.length === 0 ? Promise.resolve() : new Promise(() => {});
  }
  close(): void {
    this.closed = true;
  }
}

describe('decisions on their way to the collector', () => {
  let outlet: HandOutlet;
  let dropped: number;
  let telemetry: DecisionTelemetry;
  const tell = (times: number): void => {
    for (let time = 0; time < times; time += 1) telemetry.decided(EVENT);
  };
  const flush = (): void => void jest.advanceTimersByTime(FLUSH_MS);

  beforeEach(() => {
    jest.useFakeTimers();
    outlet = new HandOutlet();
    dropped = 0;
    telemetry = new DecisionTelemetry(outlet, 100, (decisions) => (dropped += decisions));
  });
  afterEach(() => jest.useRealTimers());

  it('nothing is sent while a decision is told', () => {
    tell(1);
    expect(outlet.handed).toEqual([]);
    flush();
    expect(outlet.handed).toEqual(['leg.decision.pass:1|c\nleg.latency.fast:1|c\nleg.source.api:1|c']);
  });

  it('few go one by one, many are added up', () => {
    tell(50);
    flush();
    expect(outlet.handed.join('\n').split('\n')).toHaveLength(150);
    tell(51);
    flush();
    expect(outlet.handed.at(-1)).toBe('leg.decision.pass:51|c\nleg.latency.fast:51|c\nleg.source.api:51|c');
  });

  it('an outlet that takes nothing fills the list, and no more than the list; the rest is counted and told later', () => {
    outlet.takes = false;
    tell(250);
    expect(telemetry.fillRatio).toBe(1);
    expect(dropped).toBe(150);
    flush();
    expect(outlet.handed).toEqual([]);
    outlet.takes = true;
    flush();
    expect(outlet.handed).toEqual(['leg.decision.pass:100|c\nleg.latency.fast:100|c\nleg.source.api:100|c\nleg.dropped:150|c']);
    expect(telemetry.fillRatio).toBe(0);
  });

  it('what did not leave is counted, and so is what it had to say about earlier drops', () => {
    outlet.takes = false;
    tell(101);
    outlet.takes = true;
    flush();
    outlet.settle[0]?.(false);
    expect(dropped).toBe(101);
    tell(1);
    flush();
    expect(outlet.handed.at(-1)).toContain('leg.dropped:101|c');
  });

  it('stops within its limit when nothing leaves', async () => {
    tell(3);
    const stopped = telemetry.stop(500);
    expect(outlet.handed).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(500);
    await stopped;
    expect(outlet.closed).toBe(true);
    tell(1);
    expect(outlet.handed).toHaveLength(1);
  });

  it('stops at once when everything has left', async () => {
    outlet.takes = false;
    tell(3);
    await telemetry.stop(500);
    expect(dropped).toBe(3);
    expect(jest.getTimerCount()).toBe(0);
  });
});
