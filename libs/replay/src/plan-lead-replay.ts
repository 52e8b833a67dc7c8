import {
  assertNever,
  canReplay,
  type DeliveryId,
  type DeliveryStatus,
  type DestinationId,
  type FailureClass,
  type HoldReason,
  isOpenDelivery,
  type LeadId,
  type LeadReplayKind,
  leadStatusOf,
  type LeadStatus,
  REOPENABLE,
  type SkipCause,
  type TenantId,
} from '#core';

/** A lead, locked. */
export interface LeadStanding {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly status: LeadStatus;
  readonly holdReason: string | null;
  /** Where duplicates are kept out: a later lead of the same person was let through in its place. */
  readonly passedOn: boolean;
}

/** A delivery as it is under the lead's lock. */
export interface DeliveryStanding {
  readonly id: DeliveryId;
  readonly leadId: LeadId;
  readonly destinationId: DestinationId;
  readonly purpose: 'deliver' | 'fetch';
  readonly epoch: number;
  readonly status: DeliveryStatus;
  readonly attemptNo: number;
  readonly attemptsBefore: number;
  readonly holdReason: string | null;
  readonly failureClass: string | null;
  /** false: it failed before anything could be made for it. */
  readonly mapped: boolean;
  readonly superseded: boolean;
}

export interface LeadWish {
  readonly kind: LeadReplayKind;
  /** null: every destination. */
  readonly destinationId: DestinationId | null;
  /** Of deliveries that failed for good; null: whatever they failed for. */
  readonly failureClasses: readonly FailureClass[] | null;
  /** Of held deliveries: only these are taken up, because a repetition may be a second effect. */
  readonly holdReasons: readonly HoldReason[];
}

/** What a person may have held deliveries sent again for; a lead is held for many more things. */
export const HELD_FOR_DELIVERY: readonly HoldReason[] = ['unknown_outcome', 'destination_refuses_us'];

export interface NewEpoch {
  readonly from: DeliveryStanding;
  readonly epoch: number;
}

export type LeadPlan =
  | { readonly kind: 'skip'; readonly cause: SkipCause }
  | { readonly kind: 'reprocess' }
  | {
      readonly kind: 'send';
      readonly reopened: readonly DeliveryStanding[];
      readonly anew: readonly NewEpoch[];
      readonly leadStatus: LeadStatus;
    };

/**
 * What a replay does to one lead.
 *
 * | lead                                       | redeliver              | reprocess            | send_as_new            |
 * |--------------------------------------------|------------------------|----------------------|------------------------|
 * | PERMANENTLY_FAILED                         | sent again, same key   | decided anew         | next epoch, new key    |
 * | HELD unknown_outcome, destination_refuses_us | the same             | decided anew         | the same               |
 * | HELD fetch_failed, poison, index_unavailable, duplicate | –         | decided anew         | –                      |
 * | HELD awaiting_fetch                        | –                      | –: the fetch is open | –                      |
 * | REJECTED, KEPT                             | –                      | decided anew         | –                      |
 * | DELIVERED                                  | –                      | –                    | next epoch, new key    |
 * | READY, FAILED                              | the delivery that ended | –                   | the same               |
 * | RECEIVED                                   | –                      | –                    | –                      |
 * | ERASED                                     | –                      | –                    | –                      |
 */
export function planLeadReplay(lead: LeadStanding, deliveries: readonly DeliveryStanding[], wish: LeadWish): LeadPlan {
  if (lead.status === 'ERASED') return skip('erased');
  if (lead.status === 'RECEIVED') return skip('in_progress');
  switch (wish.kind) {
    case 'reprocess':
      return planReprocessing(lead, deliveries);
    case 'redeliver':
      return planSending(lead, deliveries, (standing) => redelivered(lead, standing, wish));
    case 'send_as_new':
      return planSending(lead, deliveries, (standing) => sentAsNew(lead, { current: standing, all: deliveries }, wish));
    default:
      return assertNever(wish.kind);
  }
}

const skip = (cause: SkipCause): LeadPlan => ({ kind: 'skip', cause });

function planReprocessing({ status }: LeadStanding, deliveries: readonly DeliveryStanding[]): LeadPlan {
  if (status === 'DELIVERED') return skip('delivered');
  if (!canReplay('reprocess', status)) return skip('in_progress');
  return deliveries.some((delivery) => isOpenDelivery(delivery.status)) ? skip('fetch_under_way') : { kind: 'reprocess' };
}

interface Sending {
  readonly reopened: readonly DeliveryStanding[];
  readonly anew: readonly NewEpoch[];
  /** Why there is neither. */
  readonly otherwise: SkipCause;
}

function planSending(
  lead: LeadStanding,
  deliveries: readonly DeliveryStanding[],
  choose: (current: readonly DeliveryStanding[]) => Sending,
): LeadPlan {
  if (lead.status === 'HELD' && !HELD_FOR_DELIVERY.some((reason) => reason === lead.holdReason)) return skip('nothing_failed');
  const current = deliveries.filter(({ purpose, superseded }) => purpose === 'deliver' && !superseded);
  const { reopened, anew, otherwise } = choose(current);
  if (reopened.length + anew.length === 0) return skip(otherwise);
  if (lead.passedOn) return skip('passed_on');
  const replaced = new Set([...reopened, ...anew.map(({ from }) => from)]);
  const pending = [...replaced].map(() => ({ status: 'PENDING', attemptNo: 0 }) as const);
  const leadStatus = leadStatusOf([...current.filter((delivery) => !replaced.has(delivery)), ...pending]) ?? lead.status;
  return { kind: 'send', reopened, anew, leadStatus };
}

function redelivered(lead: LeadStanding, current: readonly DeliveryStanding[], wish: LeadWish): Sending {
  const ended = ofDestination(current, wish).filter((delivery) => REOPENABLE.includes(delivery.status) && isMeant(delivery, wish));
  const reopened = ended.filter(({ mapped }) => mapped);
  return { reopened, anew: [], otherwise: ended.length > 0 ? 'never_mapped' : nothingOf(lead, current) };
}

/** A lead that failed without a delivery could not be mapped for any destination. */
function nothingOf({ status: leadStatus }: LeadStanding, current: readonly DeliveryStanding[]): SkipCause {
  if (leadStatus === 'PERMANENTLY_FAILED' && current.length === 0) return 'never_mapped';
  return current.length > 0 && current.every(({ status }) => status === 'DELIVERED') ? 'delivered' : 'nothing_failed';
}

function isMeant({ status, failureClass, holdReason }: DeliveryStanding, { failureClasses, holdReasons }: LeadWish): boolean {
  if (status === 'HELD') return holdReasons.some((reason) => reason === holdReason);
  return failureClasses === null || failureClasses.some((one) => one === failureClass);
}

interface Deliveries {
  readonly current: readonly DeliveryStanding[];
  readonly all: readonly DeliveryStanding[];
}

/** Of a lead that failed somewhere, what was delivered elsewhere is only doubled where its destination is named. */
function sentAsNew({ status: leadStatus }: LeadStanding, { current, all }: Deliveries, wish: LeadWish): Sending {
  const chosen = ofDestination(current, wish).filter(({ mapped }) => mapped);
  const takesDelivered = leadStatus === 'DELIVERED' || wish.destinationId !== null;
  const ended = chosen.filter((delivery) =>
    delivery.status === 'DELIVERED' ? takesDelivered : !isOpenDelivery(delivery.status) && isMeant(delivery, wish),
  );
  const anew = ended.map((from) => ({ from, epoch: 1 + newestEpoch(all, from.destinationId) }));
  return { reopened: [], anew, otherwise: chosen.some(({ status }) => isOpenDelivery(status)) ? 'open_delivery' : 'nothing_to_send' };
}

function newestEpoch(deliveries: readonly DeliveryStanding[], destinationId: DestinationId): number {
  return Math.max(...deliveries.filter((delivery) => delivery.destinationId === destinationId).map(({ epoch }) => epoch));
}

function ofDestination(deliveries: readonly DeliveryStanding[], { destinationId }: LeadWish): readonly DeliveryStanding[] {
  return destinationId === null ? deliveries : deliveries.filter((delivery) => delivery.destinationId === destinationId);
}
