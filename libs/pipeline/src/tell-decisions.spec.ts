import { LEAD_FLAGS, type DecisionEvent, DecisionSink, type TenantId } from '#core';
import { createLogger, Metrics } from '#platform';
import type { DecidedLead } from './lead-store.port.js';
import { TellDecisions } from './tell-decisions.js';

class RecordedDecisions extends DecisionSink {
  readonly events: DecisionEvent[] = [];
  override decided(event: DecisionEvent): void {
    this.events.push(event);
  }
}

const WAITS: DecidedLead['journey']['outcome'] = {
  kind: 'hold',
  reason: { code: 'awaiting_fetch', detail: 'only the id is known' },
  holdSeconds: null,
  fetch: { destinationId: 'acme/meta.fetch' as never, request: '{}' },
};

function aDecision(
  journeyNo: number,
  flags: readonly string[],
  outcome: DecidedLead['journey']['outcome'] = { kind: 'continue' },
): DecidedLead {
  const lead = { id: 'lead', tenantId: 'acme' as TenantId, sourceId: 'acme/form', payload: {}, journeyNo, flags };
  const config = { config: { sources: [{ name: 'form', source_type: 'FORM' }] } };
  return { lead, config, journey: { outcome, facts: { decision: 'PASS' }, stages: [], durationMicros: 1 } } as unknown as DecidedLead;
}

describe('telemetry hears of each lead once', () => {
  it.each<[string, DecidedLead, number]>([
    ['the first journey of an ordinary lead', aDecision(1, []), 1],
    ['a lead that only waits for its fetch', aDecision(1, [], WAITS), 0],
    ['the journey after the fetch', aDecision(2, [LEAD_FLAGS.fetched]), 1],
    ['a lead decided anew', aDecision(2, []), 0],
    ['a fetched lead decided anew', aDecision(3, [LEAD_FLAGS.fetched]), 0],
  ])('%s', (_case, decided, told) => {
    const sink = new RecordedDecisions();
    new TellDecisions(new Metrics(), createLogger('silent', false), sink).tell(decided, true, 1);
    expect(sink.events).toHaveLength(told);
  });

  it('says nothing of a run that wrote nothing', () => {
    const sink = new RecordedDecisions();
    new TellDecisions(new Metrics(), createLogger('silent', false), sink).tell(aDecision(1, []), false, 1);
    expect(sink.events).toEqual([]);
  });
});
