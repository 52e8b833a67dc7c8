import { faultCodeOf, type Logger, type Metrics } from '#platform';
import type { Outcome, UnavailableBecause, VisitVerdict } from './outcome.js';

/** One answered lead request. Nothing of the person, no url, no key. */
export interface VisitRecord {
  /** The route template. */
  readonly route: string;
  readonly status: number;
  readonly verdict: VisitVerdict;
  readonly requestId: string;
  readonly correlationId: string;
  /** The first one of a request with several. */
  readonly leadId: string | null;
  /** How many leads the request carried; 0 where it was refused. */
  readonly leads: number;
  /** Names the stored request, for GET /v1/quarantine/{id}. */
  readonly inboundRequestId: string | null;
  readonly bytes: number;
  /** From the last byte of the body to the answer. */
  readonly seconds: number;
  readonly fault?: unknown;
  /** Why the gateway could not take it although nothing failed. */
  readonly because?: UnavailableBecause;
}

type VisitMarks = Pick<VisitRecord, 'route' | 'status' | 'requestId' | 'correlationId' | 'bytes' | 'seconds'>;

export function visitOf(outcome: Outcome, marks: VisitMarks): VisitRecord {
  switch (outcome.kind) {
    case 'problem': {
      const { verdict, leadId = null, inboundRequestId, fault, because } = outcome;
      const why = { ...(fault === undefined ? {} : { fault }), ...(because === undefined ? {} : { because }) };
      return { ...marks, verdict, leadId, leads: leadId === null ? 0 : 1, inboundRequestId, ...why };
    }
    case 'handshake':
      return { ...marks, verdict: 'handshake', leadId: null, leads: 0, inboundRequestId: null };
    case 'nothing':
      return { ...marks, verdict: outcome.verdict, leadId: null, leads: 0, inboundRequestId: outcome.inboundRequestId };
    case 'accepted':
    case 'replayed': {
      const { kind, receipt, inboundRequestId } = outcome;
      const { correlationId, leads } = receipt;
      return { ...marks, correlationId, verdict: kind, leadId: leads[0].leadId, leads: leads.length, inboundRequestId };
    }
  }
}

/** The fields of the one wide line of a request at the door. */
export function visitLine(visit: VisitRecord): Record<string, string | number> {
  return {
    event: 'accept',
    route: visit.route,
    status: visit.status,
    verdict: visit.verdict,
    request_id: visit.requestId,
    correlation_id: visit.correlationId,
    ...(visit.leadId === null ? {} : { lead_id: visit.leadId }),
    ...(visit.leads > 1 ? { leads: visit.leads } : {}),
    ...(visit.inboundRequestId === null ? {} : { inbound_request_id: visit.inboundRequestId }),
    bytes: visit.bytes,
    duration_ms: Math.round(visit.seconds * 1e5) / 100,
    ...(visit.because === undefined ? {} : { fault_code: visit.because }),
    ...(visit.fault === undefined ? {} : faultFields(visit.fault)),
  };
}

/** Messages of Postgres may repeat values, so only the kind and the code are named. */
function faultFields(fault: unknown): Record<string, string> {
  if (!(fault instanceof Error)) return { fault: typeof fault };
  const fields: Record<string, string> = { fault: fault.name };
  const code = faultCodeOf(fault);
  if (code !== undefined) fields['fault_code'] = code;
  const frame = /\n\s+at (.+)/.exec(fault.stack ?? '')?.[1];
  if (frame !== undefined) fields['fault_at'] = frame;
  return fields;
}

export type RecordVisit = (visit: VisitRecord) => void;

export function visitRecorder(logger: Logger, metrics: Metrics): RecordVisit {
  return (visit) => {
    metrics.requests.inc({ route: visit.route, status: visit.status });
    metrics.acceptSeconds.observe(visit.seconds);
    if (visit.fault === undefined) logger.info(visitLine(visit));
    else logger.error(visitLine(visit));
  };
}
