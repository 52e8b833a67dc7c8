import type { Decision, DestinationId, EarlierLead, Journey, JourneyFacts, OutcomeKind } from '#core';
import { decisionOf } from '#pipeline';
import { type PayloadFields, payloadFields } from './payload-fields.js';

/** What one version says about one lead, in a form in which two of them can be compared. */
export interface Told {
  readonly outcome: OutcomeKind;
  readonly decision: Decision;
  /** Sorted. */
  readonly reasonCodes: readonly string[];
  readonly duplicateOf: Pick<EarlierLead, 'leadId' | 'matchedOn'> | null;
  /** By the name of the destination; null: it is to have the lead and cannot. */
  readonly sent: ReadonlyMap<string, PayloadFields | null>;
}

/** A delivery as it was planned: by a journey, or as its row says. */
export interface PlannedPayload {
  readonly destinationId: DestinationId;
  readonly contentType: string;
  readonly payload: string;
  readonly failed: boolean;
}

export function toldBy(journey: Journey<JourneyFacts>): Told {
  const { decision, reasonCodes, duplicateOf } = decisionOf(journey);
  const planned = journey.outcome.kind === 'continue' ? (journey.facts.plannedDeliveries ?? []) : [];
  return {
    outcome: journey.outcome.kind,
    decision,
    reasonCodes: [...reasonCodes].sort(),
    duplicateOf,
    sent: sentBy(
      planned.map(({ destinationId, contentType, payload, failure }) => ({
        destinationId,
        contentType,
        payload,
        failed: failure !== undefined,
      })),
    ),
  };
}

export function sentBy(planned: readonly PlannedPayload[]): Told['sent'] {
  return new Map(
    planned.map(({ destinationId, contentType, payload, failed }) => [
      destinationId.slice(destinationId.indexOf('/') + 1),
      failed ? null : payloadFields(contentType, payload),
    ]),
  );
}
