import { FAILURE_CLASSES, type FailureClass, HOLD_REASONS, type HoldReason, type LeadStatus } from '#core';
import type { DeliveryRecord, LeadRecord } from './lead-record.js';

type Facts = Pick<LeadRecord, 'status' | 'holdReason'> & {
  readonly deliveries: readonly Pick<DeliveryRecord, 'status' | 'failureClass' | 'supersededAt'>[];
};

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

const BY_HOLD_REASON: Readonly<Record<HoldReason, string>> = {
  index_unavailable: 'Its duplicate check could not be made. It goes on by itself, at the latest at `hold_until`.',
  duplicate:
    'The tenant holds back leads of persons it already has; `duplicate_of` is the earlier one. It is none: the CRM says so with POST /v1/feedback.',
  awaiting_fetch: 'Its fields are being fetched from its source. It goes on by itself.',
  fetch_failed: 'Its fields could not be fetched from its source. Mend the access to the source, then replay it with `reprocess`.',
  poison:
    'The process died several times while it worked on this lead. Report it with the log; after an update replay it with `reprocess`.',
  unknown_outcome:
    'A call ended without an answer, and this destination would take a repetition for a second lead. Look it up in the CRM: if it is not there, replay it with `redeliver`; if it is, leave it.',
  destination_refuses_us: 'The CRM refused our credentials. Mend them, then replay it with `redeliver`.',
};

const BY_FAILURE_CLASS: Readonly<Record<FailureClass, string>> = {
  refused:
    "The CRM said no to this lead (`last_error`). Mend the CRM's rules, then replay it with `redeliver`; or our rules or mapping, then `reprocess`.",
  exhausted: 'Every attempt of the schedule failed (`last_error`). Once the CRM is well, replay it with `redeliver`.',
  misconfigured: 'The address or the credentials of the destination are wrong. Mend its configuration, then replay it with `redeliver`.',
  gone: 'The destination is no more (410). Give it another address, then replay it with `redeliver`.',
  missing_field:
    'A field that the destination requires was missing, so nothing was sent. Mend mapping or rules, then replay it with `reprocess`.',
  protocol_error:
    'The CRM answered with something that is no answer. Mend the CRM or the outcome rules of the destination, then replay it with `redeliver`.',
  internal: 'A fault of ours. Report it; after an update replay it with `redeliver`.',
};

/** What a lead waits for and what a person can do, in a sentence for support staff without data of the person; null: nothing is left to do. */
export function decideWhatNext({ status, holdReason, deliveries }: Facts): string | null {
  switch (status) {
    case 'HELD': {
      const reason = HOLD_REASONS.find((one) => one === holdReason);
      return reason === undefined ? null : BY_HOLD_REASON[reason];
    }
    case 'PERMANENTLY_FAILED': {
      const failed = deliveries.find((one) => one.status === 'PERMANENTLY_FAILED' && one.supersededAt === null);
      return BY_FAILURE_CLASS[FAILURE_CLASSES.find((one) => one === failed?.failureClass) ?? 'exhausted'];
    }
    default:
      return BY_STATUS[status];
  }
}
