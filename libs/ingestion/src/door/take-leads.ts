import type { Verdicts } from '#pipeline';
import type { AcceptLead } from '../accept/accept-lead.js';
import type { Acceptance, InboundRequest, LeadSubmission } from '../accept/submission.js';
import type { AnswerStyle, LeadReceipt, Receipt } from '../answers/answer-style.js';
import { refuse } from '../body/refusal.js';
import { refused, undecided, type Outcome } from './outcome.js';
import { preferredWaitSeconds } from './preferred-wait.js';
import { headerOf, type RequestHead } from './request-head.js';
import { CLAIM_SECONDS, waitForVerdicts } from './wait-for-verdicts.js';
import { withinDeadline } from './within-deadline.js';

export interface TakingParts {
  readonly accept: Pick<AcceptLead, 'accept'>;
  readonly verdicts: Verdicts;
}

/** A request whose body was read, on its way to an answer. Moments are those of performance.now(). */
export interface Visit {
  readonly head: RequestHead;
  readonly style: AnswerStyle;
  /** The last byte of the body. */
  readonly began: number;
  /** Until when the sender is answered. */
  readonly deadline: number;
}

/** Stores what a request brought, and waits for the verdict where its sender does. */
export async function takeLeads(
  parts: TakingParts,
  visit: Visit,
  inbound: InboundRequest,
  items: LeadSubmission['items'],
): Promise<Outcome> {
  const { style, began, deadline } = visit;
  const preferred = style.needsVerdict ? null : preferredWaitSeconds(headerOf(visit.head.headers, 'prefer'));
  const verdictUntil = style.needsVerdict ? deadline : preferred === null ? null : began + preferred * 1000;
  const submission: LeadSubmission = {
    kind: 'lead',
    inbound,
    acceptedStatus: style.acceptedStatus,
    replayedStatus: style.replayedStatus,
    items,
    claimSeconds: verdictUntil === null ? null : CLAIM_SECONDS,
  };
  const acceptance = await withinDeadline(parts.accept.accept(submission), deadline - performance.now());
  const reused = acceptance.items.find((item) => item.kind === 'key_reused');
  if (reused !== undefined) return refused(refuse('idempotency_key_reused', reused.detail), style, inbound.requestId, inbound.id);

  const leads = receiptsOf(submission, acceptance);
  const replayed = acceptance.items.every(({ kind }) => kind === 'replayed');
  const inboundRequestId = replayed ? null : inbound.id;
  if (verdictUntil === null) {
    const receipt = { correlationId: correlationIdOf(inbound, acceptance), leads, latencyMs: performance.now() - began };
    return { kind: replayed ? 'replayed' : 'accepted', receipt, inboundRequestId, waitedSeconds: null };
  }
  const verdicts = await waitForVerdicts(parts.verdicts, submission, acceptance, Math.max(0, verdictUntil - performance.now()));
  if (style.needsVerdict && verdicts.includes(null)) return undecided(inbound.requestId, inbound.id, leads[0].leadId);
  const [first, ...others] = leads;
  const receipt: Receipt = {
    correlationId: correlationIdOf(inbound, acceptance),
    leads: [
      { ...first, verdict: verdicts[0] ?? null },
      ...others.map((lead, index) => ({ ...lead, verdict: verdicts[index + 1] ?? null })),
    ],
    latencyMs: performance.now() - began,
  };
  return { kind: replayed ? 'replayed' : 'accepted', receipt, inboundRequestId, waitedSeconds: preferred };
}

/** Of a repeated request the first one's; of several leads that were there before, the first lead's. */
function correlationIdOf({ correlationId }: InboundRequest, { items }: Acceptance): string {
  const [first] = items;
  const replayed = items.every(({ kind }) => kind === 'replayed');
  return replayed && first?.kind === 'replayed' ? first.first.correlationId : correlationId;
}

function receiptsOf({ items }: LeadSubmission, acceptance: Acceptance): Receipt['leads'] {
  const [first, ...others] = items.map(({ leadId, itemNo }, index): LeadReceipt => {
    const accepted = acceptance.items[index];
    return { leadId: accepted?.kind === 'replayed' ? accepted.first.leadId : leadId, itemNo, verdict: null };
  });
  return [first as LeadReceipt, ...others];
}
