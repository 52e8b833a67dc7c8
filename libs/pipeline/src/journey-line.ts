import type { DecidedLead } from './lead-store.port.js';

/** The one wide log line of a journey: ids, codes and durations, nothing of the person. */
export function journeyLine({ lead, config, journey }: DecidedLead, won: boolean): Record<string, unknown> {
  const { outcome, facts } = journey;
  return {
    event: 'journey',
    request_id: lead.requestId,
    lead_id: lead.id,
    tenant_id: lead.tenantId,
    source: lead.sourceId,
    journey_no: lead.journeyNo,
    outcome: outcome.kind,
    reasons:
      outcome.kind === 'continue'
        ? (facts.reasonCodes ?? [])
        : outcome.kind === 'reject'
          ? outcome.reasons.map(({ code }) => code)
          : [outcome.reason.code],
    deliveries: facts.plannedDeliveries?.length ?? 0,
    config_version: config.version,
    duration_us: journey.durationMicros,
    ...(won ? {} : { written: false }),
  };
}
