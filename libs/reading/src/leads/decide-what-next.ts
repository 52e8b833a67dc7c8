import { HOLD_REASONS, type HoldReason, type LeadStatus } from '#core';
import type { LeadRecord } from './lead-record.js';
import { EXHAUSTED, HELD_FOR, type MendingDelivery, type SettingsOf, whatMends } from './what-mends.js';

type Facts = Pick<LeadRecord, 'status' | 'holdReason'> & { readonly deliveries: readonly MendingDelivery[] };

const BY_STATUS: Readonly<Record<Exclude<LeadStatus, 'HELD' | 'PERMANENTLY_FAILED'>, string | null>> = {
  RECEIVED: 'It waits for its decision, which comes by itself within seconds. If it does not, `leadgate doctor` says why.',
  REJECTED: "The tenant's rules refused it. If they were wrong: mend them, then replay it with `reprocess`.",
  READY: 'It is sent by itself. If it waits, `waits_for` of its delivery says for what; GET /v1/destinations has more.',
  FAILED:
    'An attempt failed; the next one is made by itself (`waits_for` of the delivery says when). Look at `last_error`: perhaps the CRM needs mending.',
  KEPT: 'No destination wants it: it stays here. After a change of routes it can be replayed with `reprocess`.',
  DELIVERED: null,
  ERASED: null,
};

/** Of any other lead nothing is to be sent, whatever became of its deliveries. */
const GOES_BY_DELIVERIES: readonly LeadStatus[] = ['READY', 'FAILED', 'HELD', 'PERMANENTLY_FAILED'];

/** Of holds for a destination's sake the deliveries say more, where they are known. */
const BY_HOLD_REASON: Readonly<Record<HoldReason, string>> = {
  index_unavailable: 'Its duplicate check could not be made. It goes on by itself, at the latest at `hold_until`.',
  duplicate:
    'The tenant holds back leads of persons it already has; `duplicate_of` is the earlier one. It is none: the CRM says so with POST /v1/feedback.',
  awaiting_fetch: 'Its fields are being fetched from its source. It goes on by itself.',
  fetch_failed: 'Its fields could not be fetched from its source. Mend the access to the source, then replay it with `reprocess`.',
  poison:
    'The process died several times while it worked on this lead. Report it with the log; after an update replay it with `reprocess`.',
  unknown_outcome: HELD_FOR.unknown_outcome,
  destination_refuses_us: HELD_FOR.destination_refuses_us,
};

/**
 * What a lead waits for and what a person can do, for support staff and without data of the person: a sentence or two, or where several
 * destinations need something a line for each, with its name before it. null: nothing is left to do.
 */
export function decideWhatNext({ status, holdReason, deliveries }: Facts, settingsOf: SettingsOf = () => undefined): string | null {
  const mends = !GOES_BY_DELIVERIES.includes(status)
    ? []
    : deliveries.flatMap((delivery) => {
        const says = whatMends(delivery, settingsOf);
        return says === null ? [] : [{ destination: delivery.destination, says }];
      });
  const own = ownSentence(status, holdReason, { speak: mends.length > 0, any: deliveries.some(({ purpose }) => purpose === 'deliver') });
  if (mends.length === 1 && own === null) return mends[0]?.says ?? null;
  const lines = [...(own === null ? [] : [own]), ...mends.map(({ destination, says }) => `${destination}: ${says}`)];
  return lines.length === 0 ? null : lines.join('\n');
}

/** A lead that could not be mapped has no delivery at all. */
const NEVER_SENT =
  'Nothing that its destination takes could be made of it (`rejection_reason`), so nothing was sent. Mend mapping or rules, then replay it with `reprocess`.';

/** What its status says; null: nothing, or less than its deliveries do. */
function ownSentence(status: LeadStatus, holdReason: string | null, deliveries: { speak: boolean; any: boolean }): string | null {
  switch (status) {
    case 'HELD': {
      const reason = HOLD_REASONS.find((one) => one === holdReason);
      if (reason === undefined || (deliveries.speak && reason in HELD_FOR)) return null;
      return BY_HOLD_REASON[reason];
    }
    case 'PERMANENTLY_FAILED':
      return deliveries.speak ? null : deliveries.any ? EXHAUSTED : NEVER_SENT;
    default:
      return BY_STATUS[status];
  }
}
