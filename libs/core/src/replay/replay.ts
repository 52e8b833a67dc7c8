/**
 * - `redeliver`: sent again, with the same payload under the same key; the schedule of attempts begins anew.
 * - `reprocess`: decided anew with the active configuration.
 * - `send_as_new`: the same payload under a new key: a second effect is wanted.
 * - `release`: requests in quarantine become leads.
 */
export const LEAD_REPLAY_KINDS = ['redeliver', 'reprocess', 'send_as_new'] as const;
export type LeadReplayKind = (typeof LEAD_REPLAY_KINDS)[number];
export const REPLAY_KINDS = [...LEAD_REPLAY_KINDS, 'release'] as const;
export type ReplayKind = (typeof REPLAY_KINDS)[number];

/** In lifecycle order. A cancelled one may be resumed. */
export const REPLAY_STATUSES = ['COLLECTING', 'RUNNING', 'CANCELLED', 'FINISHED'] as const;
export type ReplayStatus = (typeof REPLAY_STATUSES)[number];

/** Why a lead or a request is passed over, as a stable word and what a person reads. */
export const SKIP_CAUSES = {
  erased: 'The person’s data were removed; the lead cannot be taken up again.',
  in_progress: 'The lead is being decided or delivered at the moment; there is nothing to take up.',
  delivered: 'Every delivery of the lead was taken. `send_as_new` makes a second effect, if one is wanted.',
  nothing_failed: 'No delivery of the lead failed for good or is held for its destination’s sake. `reprocess` decides the lead anew.',
  never_mapped:
    'A field that the destination requires was missing, so nothing was made that could be sent. Mend the mapping or the rules, then `reprocess`.',
  nothing_to_send: 'The lead has no delivery that could be sent as new. `reprocess` decides the lead anew.',
  open_delivery: 'The delivery is still under way. Wait for its end.',
  fetch_under_way: 'The lead itself is being fetched from its source. It is decided when it is there.',
  passed_on: 'A later lead of the same person was let through in place of this one. `reprocess` decides whether it is a duplicate.',
  released_before: 'The request was released before.',
  body_truncated: 'Only the first 4 KiB of the request were kept. Ask the sender to send it again.',
  source_gone: 'The source of the request is not in the active configuration. Configure it again, then release.',
  source_unknown: 'Nobody knows which source the request is for. Release it alone and name the source.',
  key_reused: 'Its idempotency key belongs to a lead with another body.',
  still_refused: 'The request is still no lead.',
  gone: 'It is no longer there.',
  faulty: 'It could not be taken up because of a fault; the log has more.',
} as const satisfies Record<string, string>;
export type SkipCause = keyof typeof SKIP_CAUSES;
