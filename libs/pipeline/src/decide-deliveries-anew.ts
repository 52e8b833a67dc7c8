import { type DeliveryId, type DestinationId, leadStatusOf, type LeadStatus, type DeliveryStatus, type PlannedDelivery } from '#core';

/** A delivery of a lead that was decided before. */
export interface EarlierDelivery {
  readonly id: DeliveryId;
  readonly destinationId: DestinationId;
  readonly epoch: number;
  readonly status: DeliveryStatus;
  readonly attemptNo: number;
  readonly contentType: string;
  readonly payload: string;
  readonly superseded: boolean;
}

/** An earlier delivery that is opened again, under its own key; with another payload where none of its own was ever sent. */
export interface ReopenedDelivery {
  readonly earlier: EarlierDelivery;
  readonly replacedBy: PlannedDelivery | null;
}

export interface DeliveriesAnew {
  readonly added: readonly { readonly planned: PlannedDelivery; readonly epoch: number }[];
  readonly reopened: readonly ReopenedDelivery[];
  readonly superseded: readonly EarlierDelivery[];
  /** What they all come to; undefined: the lead has none that counts. */
  readonly leadStatus: LeadStatus | undefined;
}

/**
 * What becomes of a lead's deliveries when it is decided anew. For each destination the first line that fits counts:
 *
 * | earlier delivery                                  | planned now        | what happens                                            |
 * |---------------------------------------------------|--------------------|---------------------------------------------------------|
 * | DELIVERED                                         | whatever           | stays as it is: never touched, never doubled            |
 * | any                                               | not at all         | superseded                                              |
 * | none                                              | a payload          | a delivery of epoch 1                                   |
 * | one of these bytes, of any epoch                  | the same bytes     | opened again under its key; a later one is superseded   |
 * | never sent                                        | other bytes        | its payload is replaced; same key                       |
 * | sent                                              | other bytes        | superseded; the next epoch under a new key              |
 *
 * A plan that failed (a required field is missing) is a payload of no bytes that fails for good at once.
 */
export function decideDeliveriesAnew(earlier: readonly EarlierDelivery[], plans: readonly PlannedDelivery[]): DeliveriesAnew {
  const steps = plans.map((planned) =>
    stepTo(
      planned,
      earlier.filter(({ destinationId }) => destinationId === planned.destinationId),
    ),
  );
  const chosen = new Set(plans.map(({ destinationId }) => destinationId));
  const left = earlier.filter((delivery) => !chosen.has(delivery.destinationId) && counts(delivery) && delivery.status !== 'DELIVERED');
  const added = steps.flatMap((step) => step.added);
  const reopened = steps.flatMap((step) => step.reopened);
  const superseded = [...left, ...steps.flatMap((step) => step.superseded)];
  const gone = new Set([...superseded, ...reopened.map((one) => one.earlier)]);
  const untouched = earlier.filter((delivery) => counts(delivery) && !gone.has(delivery));
  const opened = [...added.map(({ planned }) => planned), ...reopened.map(({ replacedBy }) => replacedBy)];
  const leadStatus = leadStatusOf([...untouched, ...opened.map((planned) => ({ status: statusOf(planned), attemptNo: 0 }))]);
  return { added, reopened, superseded, leadStatus };
}

/** A plan that failed fails its delivery at once. */
function statusOf(planned: PlannedDelivery | null): DeliveryStatus {
  return planned?.failure === undefined ? 'PENDING' : 'PERMANENTLY_FAILED';
}

type Step = Pick<DeliveriesAnew, 'added' | 'reopened' | 'superseded'>;
const NOTHING: Step = { added: [], reopened: [], superseded: [] };

const counts = ({ superseded }: EarlierDelivery): boolean => !superseded;
const byEpoch = (one: EarlierDelivery, other: EarlierDelivery): number => other.epoch - one.epoch;

/** @param deliveries to the destination of the plan */
function stepTo(planned: PlannedDelivery, deliveries: readonly EarlierDelivery[]): Step {
  const newest = [...deliveries].sort(byEpoch);
  const current = newest.find(counts);
  if (current?.status === 'DELIVERED') return NOTHING;
  const same = newest.find((delivery) => isSame(delivery, planned));
  if (same !== undefined) return { ...NOTHING, reopened: [{ earlier: same, replacedBy: null }], superseded: others(current, same) };
  if (current?.attemptNo === 0) return { ...NOTHING, reopened: [{ earlier: current, replacedBy: planned }] };
  const epoch = (newest[0]?.epoch ?? 0) + 1;
  return { ...NOTHING, added: [{ planned, epoch }], superseded: current === undefined ? [] : [current] };
}

/** A superseded one that was taken by its CRM is an effect that is there: it is not opened again. */
function isSame({ status, payload, contentType }: EarlierDelivery, planned: PlannedDelivery): boolean {
  return status !== 'DELIVERED' && planned.failure === undefined && payload === planned.payload && contentType === planned.contentType;
}

function others(current: EarlierDelivery | undefined, same: EarlierDelivery): EarlierDelivery[] {
  return current === undefined || current === same ? [] : [current];
}
