import type { SourceId, TenantId } from '#core';
import type { LoadedLead, Verdict as LeadVerdict, Verdicts } from '#pipeline';
import type { Acceptance, InboundRequest, ItemAcceptance, LeadItem, LeadSubmission } from '../accept/submission.js';

/** Seconds for which a lead that is decided at once belongs to this process; the relay takes up what it leaves. ARCHITECTURE 4. */
export const CLAIM_SECONDS = 10;

/**
 * The verdicts over what a request brought: new leads are decided here and now, by the pipeline that also runs behind the queue; over leads
 * that were there before, whoever has them decides.
 * @returns in item order; null for what was not decided in time, which the relay takes up
 */
export function waitForVerdicts(
  verdicts: Verdicts,
  { inbound, items }: LeadSubmission,
  acceptance: Acceptance,
  withinMs: number,
): Promise<(LeadVerdict | null)[]> {
  const one = async (item: LeadItem, accepted: ItemAcceptance | undefined): Promise<LeadVerdict | null> => {
    switch (accepted?.kind) {
      case 'accepted':
        return verdicts.decide(loadedLead(inbound, item, accepted.receivedAt), withinMs);
      case 'replayed':
        return verdicts.await(accepted.first.leadId, withinMs);
      default:
        return null;
    }
  };
  // A fault of one lead is told where it happens, and leaves the lead to the relay.
  return Promise.all(items.map((item, index) => one(item, acceptance.items[index]).catch(() => null)));
}

/** As the pipeline would load it: the first time, by nobody before. */
function loadedLead(inbound: InboundRequest, { leadId, nativeId, payload, flags }: LeadItem, receivedAt: Date): LoadedLead {
  return {
    id: leadId,
    tenantId: inbound.tenantId as TenantId,
    sourceId: inbound.sourceId as SourceId,
    nativeId,
    requestId: inbound.requestId,
    receivedAt,
    payload,
    flags,
    journeyNo: 1,
    crashCount: 0,
  };
}
