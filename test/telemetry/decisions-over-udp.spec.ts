import { latencyBucketOf, MAX_DATAGRAM_BYTES, Telemetry } from '#telemetry';
import { DECISION_LINES, LATENCY_BUCKETS } from '../fixtures/telemetry.js';
import { eventually } from '../support/eventually.js';
import { aDecision, type Collector, startCollector } from './collector.js';

describe('the latency buckets are the old ones', () => {
  it.each(LATENCY_BUCKETS)('$id: $latencyMs ms is $expect', ({ latencyMs, expect: bucket }) => {
    expect(latencyBucketOf(latencyMs)).toBe(bucket);
  });
});

describe('a collector hears', () => {
  let collector: Collector;
  let telemetry: Telemetry;
  const decisionLines = (): string[] => collector.lines().filter((line) => line.endsWith('|c'));
  const heard = (count: number): Promise<string[]> =>
    eventually(`${count} lines about decisions`, async () => (decisionLines().length >= count ? decisionLines() : undefined));

  beforeEach(async () => {
    collector = await startCollector();
    telemetry = new Telemetry({
      collector: { host: '127.0.0.1', port: collector.port },
      queueCapacity: 10_000,
      heartbeatSeconds: 60,
      onDropped: () => undefined,
    });
    telemetry.start();
  });
  afterEach(async () => {
    await telemetry.stop();
    await collector.close();
  });

  it(`${DECISION_LINES.id}: one decision under the old names`, async () => {
    telemetry.decided(aDecision({ decision: 'DUPLICATE_HINT', sourceType: 'FORM', latencyMs: 12 }));
    const lines = await heard(3);
    expect(lines).toEqual(['leg.decision.duplicate_hint:1|c', 'leg.latency.normal:1|c', 'leg.source.form:1|c']);
    for (const [index, name] of (['decision', 'latency', 'source'] as const).entries()) expect(lines[index]).toMatch(DECISION_LINES[name]);
  });

  it(`${DECISION_LINES.id}: a skipped duplicate check as well`, async () => {
    telemetry.decided(aDecision({ decision: 'WARN', duplicateCheckSkipped: true }));
    expect((await heard(5)).slice(3)).toEqual(DECISION_LINES.whenSkipped);
  });

  it('every one of many decisions, in datagrams no network tears apart', async () => {
    const sumOf = (name: string): number =>
      decisionLines()
        .filter((line) => line.startsWith(`leg.${name}:`))
        .reduce((sum, line) => sum + Number(/:(\d+)/.exec(line)?.[1]), 0);
    for (let number = 0; number < 40; number += 1) telemetry.decided(aDecision());
    await heard(120);
    for (let number = 0; number < 5000; number += 1) telemetry.decided(aDecision({ decision: 'REJECT', latencyMs: 300 }));
    await eventually('all decisions', async () => (sumOf('decision.reject') === 5000 ? true : undefined));
    expect([sumOf('decision.pass'), sumOf('latency.very_slow'), sumOf('source.api')]).toEqual([40, 5000, 5040]);
    for (const datagram of collector.datagrams) expect(datagram.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
  });

  it('what was decided right before the end', async () => {
    telemetry.decided(aDecision());
    await heard(3);
    telemetry.decided(aDecision({ decision: 'WARN' }));
    await telemetry.stop();
    expect(await heard(6)).toContain('leg.decision.warn:1|c');
  });
});
