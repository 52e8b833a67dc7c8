import { DecisionSink, LEAD_FLAGS, SOURCE_TYPES, sourceIdOf, type SourceConfig, type SourceType } from '#core';
import type { Logger, Metrics } from '#platform';
import type { ShadowJudge } from '#policy';
import { decisionOf } from './decision-of.js';
import { journeyLine } from './journey-line.js';
import type { DecidedLead } from './lead-store.port.js';

/** For processes without telemetry. */
export class NoDecisionSink extends DecisionSink {
  override decided(): void {}
}

/** Tells the metrics, the log, the telemetry and the shadow policy what became of a lead, after its commit. */
export class TellDecisions {
  constructor(
    private readonly metrics: Metrics,
    private readonly logger: Logger,
    private readonly sink: DecisionSink,
    private readonly shadow?: Pick<ShadowJudge, 'observe'>,
  ) {}

  /** @param won false: somebody else decided it first, and nothing of this run was written */
  tell(decided: DecidedLead, won: boolean, latencyMs: number): void {
    const { lead, journey } = decided;
    for (const { stage, durationMicros } of journey.stages) this.metrics.stageSeconds.observe({ stage }, durationMicros / 1e6);
    this.metrics.leads.inc({ tenant: lead.tenantId, outcome: won ? journey.outcome.kind : 'decided_elsewhere' });
    this.logger.info(journeyLine(decided, won), 'journey');
    if (!won || !isFirstDecision(decided)) return;
    const { decision, duplicateCheckSkipped } = decisionOf(journey);
    if (duplicateCheckSkipped) this.metrics.duplicateChecksSkipped.inc({ tenant: lead.tenantId });
    this.sink.decided({ tenantId: lead.tenantId, decision, sourceType: sourceTypeOf(decided), latencyMs, duplicateCheckSkipped });
    this.shadow?.observe(decided);
  }
}

/** Of a lead that is fetched, the first journey only waits for that and the second decides. Further journeys decide anew what was told. */
function isFirstDecision({ lead, journey }: DecidedLead): boolean {
  if (journey.outcome.kind === 'hold' && journey.outcome.fetch !== undefined) return false;
  return lead.journeyNo === 1 || (lead.journeyNo === 2 && lead.flags.includes(LEAD_FLAGS.fetched));
}

/** On the guard's route the request says it itself. */
function sourceTypeOf({ lead, config }: DecidedLead): SourceType {
  const source: Partial<SourceConfig> = config.config.sources.find(({ name }) => sourceIdOf(lead.tenantId, name) === lead.sourceId) ?? {};
  const said = source.kind === 'guard' ? lead.payload['source_type'] : undefined;
  return isSourceType(said) ? said : (source.source_type ?? 'WEBHOOK');
}

function isSourceType(value: unknown): value is SourceType {
  return (SOURCE_TYPES as readonly unknown[]).includes(value);
}
