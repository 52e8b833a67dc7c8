import { fetchDestinationIdOf, LEAD_FLAGS, proceed, type HoldReason, type LeadFacts, type Outcome, type Stage } from '#core';

type Needs = Pick<LeadFacts, 'lead' | 'source'>;

const AWAITING_FETCH: HoldReason = 'awaiting_fetch';

/**
 * A lead that was sent as an id only waits until it is fetched; every other one goes on. The call is planned with the journey and made by
 * delivery, with attempts, a schedule and an end of its own; when it has brought the lead, the next journey decides it.
 */
export function fetchStage(): Stage<Needs, object> {
  return { name: 'fetch', run: decideFetch };
}

function decideFetch({ lead, source }: Needs): Outcome {
  // Without an id there is nothing to ask for: the lead is judged as it came.
  if (source.fetch === undefined || source.name === undefined || lead.nativeId === null) return proceed({});
  if (lead.flags.includes(LEAD_FLAGS.fetched)) return proceed({});
  return {
    kind: 'hold',
    reason: { code: AWAITING_FETCH, detail: 'the source sent an id only; the lead is fetched from it' },
    holdSeconds: null,
    fetch: { destinationId: fetchDestinationIdOf(lead.tenantId, source.name), request: JSON.stringify({ id: lead.nativeId }) },
  };
}
