import type { DeliveryId, DestinationId, LeadId, LeadReplayKind, LeadStatus, TenantId } from '#core';
import { type DeliveryStanding, HELD_FOR_DELIVERY, type LeadStanding, type LeadWish, planLeadReplay } from './plan-lead-replay.js';

const aLead = (status: LeadStatus, holdReason: string | null = null, passedOn = false): LeadStanding => ({
  id: 'l1' as LeadId,
  tenantId: 'demo' as TenantId,
  status,
  holdReason,
  passedOn,
});
const aDelivery = (given: Partial<DeliveryStanding> = {}): DeliveryStanding => ({
  id: 'd1' as DeliveryId,
  leadId: 'l1' as LeadId,
  destinationId: 'demo/crm' as DestinationId,
  purpose: 'deliver',
  epoch: 1,
  status: 'PERMANENTLY_FAILED',
  attemptNo: 6,
  attemptsBefore: 0,
  holdReason: null,
  failureClass: 'exhausted',
  mapped: true,
  superseded: false,
  ...given,
});
const other = (given: Partial<DeliveryStanding> = {}): DeliveryStanding =>
  aDelivery({ id: 'd2' as DeliveryId, destinationId: 'demo/other' as DestinationId, ...given });
const aWish = (kind: LeadReplayKind, given: Partial<LeadWish> = {}): LeadWish => ({
  kind,
  destinationId: null,
  failureClasses: null,
  holdReasons: HELD_FOR_DELIVERY,
  ...given,
});

function inShort(lead: LeadStanding, deliveries: DeliveryStanding[], wish: LeadWish): string {
  const plan = planLeadReplay(lead, deliveries, wish);
  switch (plan.kind) {
    case 'skip':
      return plan.cause;
    case 'reprocess':
      return 'reprocess';
    case 'send':
      return [...plan.reopened.map(({ id }) => id), ...plan.anew.map(({ from, epoch }) => `${from.id}+${epoch}`), plan.leadStatus].join(
        ' ',
      );
  }
}

const DELIVERED = { status: 'DELIVERED', failureClass: null, attemptNo: 1 } as const;
const HELD = { status: 'HELD', failureClass: null, holdReason: 'unknown_outcome', attemptNo: 1 } as const;

describe('what a replay does to a lead', () => {
  it.each([
    ['failed for good', aLead('PERMANENTLY_FAILED'), [aDelivery()], 'd1 READY', 'reprocess', 'd1+2 READY'],
    ['delivered', aLead('DELIVERED'), [aDelivery(DELIVERED)], 'delivered', 'delivered', 'd1+2 READY'],
    ['held for an unknown outcome', aLead('HELD', 'unknown_outcome'), [aDelivery(HELD)], 'd1 READY', 'reprocess', 'd1+2 READY'],
    ['poisoned', aLead('HELD', 'poison'), [], 'nothing_failed', 'reprocess', 'nothing_failed'],
    [
      'held, because it could not be fetched',
      aLead('HELD', 'fetch_failed'),
      [aDelivery({ purpose: 'fetch' })],
      'nothing_failed',
      'reprocess',
      'nothing_failed',
    ],
    [
      'being fetched',
      aLead('HELD', 'awaiting_fetch'),
      [aDelivery({ purpose: 'fetch', status: 'RETRYING' })],
      'nothing_failed',
      'fetch_under_way',
      'nothing_failed',
    ],
    ['rejected', aLead('REJECTED'), [], 'nothing_failed', 'reprocess', 'nothing_to_send'],
    ['kept', aLead('KEPT'), [], 'nothing_failed', 'reprocess', 'nothing_to_send'],
    ['not decided yet', aLead('RECEIVED'), [], 'in_progress', 'in_progress', 'in_progress'],
    ['erased', aLead('ERASED'), [aDelivery()], 'erased', 'erased', 'erased'],
    ['without a field for any destination', aLead('PERMANENTLY_FAILED'), [], 'never_mapped', 'reprocess', 'nothing_to_send'],
    [
      'without a field for its destination',
      aLead('PERMANENTLY_FAILED'),
      [aDelivery({ mapped: false, attemptNo: 0 })],
      'never_mapped',
      'reprocess',
      'nothing_to_send',
    ],
    ['under way', aLead('FAILED'), [aDelivery({ status: 'RETRYING' })], 'nothing_failed', 'in_progress', 'open_delivery'],
    ['ended here, waiting there', aLead('FAILED'), [aDelivery(), other({ status: 'RETRYING' })], 'd1 FAILED', 'in_progress', 'd1+2 FAILED'],
    ['failed here, delivered there', aLead('PERMANENTLY_FAILED'), [aDelivery(), other(DELIVERED)], 'd1 READY', 'reprocess', 'd1+2 READY'],
    [
      'failed again after it was superseded',
      aLead('PERMANENTLY_FAILED'),
      [aDelivery({ superseded: true }), aDelivery({ id: 'd3' as DeliveryId, epoch: 2 })],
      'd3 READY',
      'reprocess',
      'd3+3 READY',
    ],
  ])('%s', (_, lead, deliveries, redeliver, reprocess, sendAsNew) => {
    expect([
      inShort(lead, deliveries, aWish('redeliver')),
      inShort(lead, deliveries, aWish('reprocess')),
      inShort(lead, deliveries, aWish('send_as_new')),
    ]).toEqual([redeliver, reprocess, sendAsNew]);
  });

  it('redelivers only to the destination and for the failures that were named', () => {
    const deliveries = [aDelivery({ failureClass: 'refused' }), other()];
    const lead = aLead('PERMANENTLY_FAILED');
    expect(inShort(lead, deliveries, aWish('redeliver', { destinationId: 'demo/other' as DestinationId }))).toBe('d2 READY');
    expect(inShort(lead, deliveries, aWish('redeliver', { failureClasses: ['refused'] }))).toBe('d1 READY');
    expect(inShort(lead, deliveries, aWish('redeliver', { failureClasses: ['gone'] }))).toBe('nothing_failed');
  });

  it('repeats a call with an unknown outcome only where that was named', () => {
    expect(inShort(aLead('HELD', 'unknown_outcome'), [aDelivery(HELD)], aWish('redeliver', { holdReasons: [] }))).toBe('nothing_failed');
  });

  it('doubles what was delivered of a lead that failed elsewhere only where its destination is named', () => {
    const wish = aWish('send_as_new', { destinationId: 'demo/other' as DestinationId });
    expect(inShort(aLead('PERMANENTLY_FAILED'), [aDelivery(), other(DELIVERED)], wish)).toBe('d2+2 READY');
  });

  it('leaves a lead alone in whose place a later one was let through', () => {
    const lead = aLead('PERMANENTLY_FAILED', null, true);
    expect(inShort(lead, [aDelivery()], aWish('redeliver'))).toBe('passed_on');
    expect(inShort(lead, [aDelivery()], aWish('reprocess'))).toBe('reprocess');
  });
});
