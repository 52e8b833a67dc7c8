import { DECISIONS, type DecisionEvent, SOURCE_TYPES, type TenantId } from '#core';
import { addedUp, countersOf } from './statsd-lines.js';

const event = (given: Partial<DecisionEvent> = {}): DecisionEvent => ({
  tenantId: 't1' as TenantId,
  decision: 'PASS',
  sourceType: 'API',
  latencyMs: 3,
  duplicateCheckSkipped: false,
  ...given,
});

describe('the counters of decisions', () => {
  it('name the decision, the latency and the source in small letters', () => {
    for (const decision of DECISIONS) {
      for (const sourceType of SOURCE_TYPES) {
        expect(countersOf(event({ decision, sourceType }))).toEqual([
          `decision.${decision.toLowerCase()}`,
          'latency.fast',
          `source.${sourceType.toLowerCase()}`,
        ]);
      }
    }
  });

  it('add up to one line each', () => {
    const events = [event(), event({ decision: 'REJECT', latencyMs: 60 }), event({ duplicateCheckSkipped: true })];
    expect(addedUp(events).sort()).toEqual([
      'leg.decision.pass:2|c',
      'leg.decision.reject:1|c',
      'leg.degraded_mode:1|c',
      'leg.duplicate_check_skipped:1|c',
      'leg.latency.fast:2|c',
      'leg.latency.slow:1|c',
      'leg.source.api:3|c',
    ]);
  });
});
