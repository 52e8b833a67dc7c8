import type { DeliveryId, DestinationId, PlannedDelivery } from '#core';
import { decideDeliveriesAnew, type EarlierDelivery } from './decide-deliveries-anew.js';

const CRM = 'demo/crm' as DestinationId;
const OTHER = 'demo/other' as DestinationId;

const aPlan = (given: Partial<PlannedDelivery> = {}): PlannedDelivery => ({
  destinationId: CRM,
  contentType: 'application/json',
  payload: 'new',
  omitted: [],
  ...given,
});
const failing = aPlan({ payload: '', failure: 'Missing required field: phone' });
const anEarlier = (given: Partial<EarlierDelivery> = {}): EarlierDelivery => ({
  id: `d${given.epoch ?? 1}` as DeliveryId,
  destinationId: CRM,
  epoch: 1,
  status: 'PERMANENTLY_FAILED',
  attemptNo: 6,
  contentType: 'application/json',
  payload: 'old',
  superseded: false,
  ...given,
});

/** What happened, in short: `+2` a new delivery of epoch 2, `d1` opened again, `d1=new` with another payload, `-d1` superseded. */
function inShort(earlier: EarlierDelivery[], plans: PlannedDelivery[]): { did: string[]; lead: string | undefined } {
  const { added, reopened, superseded, leadStatus } = decideDeliveriesAnew(earlier, plans);
  return {
    did: [
      ...added.map(({ epoch, planned }) => `+${epoch}${planned.failure === undefined ? '' : ' failed'}`),
      ...reopened.map(({ earlier: { id }, replacedBy }) => (replacedBy === null ? id : `${id}=${replacedBy.payload}`)),
      ...superseded.map(({ id }) => `-${id}`),
    ],
    lead: leadStatus,
  };
}

describe('the deliveries of a lead that is decided anew', () => {
  it.each([
    { description: 'none before', earlier: [], plans: [aPlan()], did: ['+1'], lead: 'READY' },
    { description: 'the same bytes', earlier: [anEarlier()], plans: [aPlan({ payload: 'old' })], did: ['d1'], lead: 'READY' },
    { description: 'other bytes after a first send', earlier: [anEarlier()], plans: [aPlan()], did: ['+2', '-d1'], lead: 'READY' },
    {
      description: 'the same bytes as another content type',
      earlier: [anEarlier()],
      plans: [aPlan({ payload: 'old', contentType: 'text/xml' })],
      did: ['+2', '-d1'],
      lead: 'READY',
    },
    { description: 'other bytes, never sent', earlier: [anEarlier({ attemptNo: 0 })], plans: [aPlan()], did: ['d1=new'], lead: 'READY' },
    {
      description: 'a field that was missing is there',
      earlier: [anEarlier({ attemptNo: 0, payload: '' })],
      plans: [aPlan()],
      did: ['d1=new'],
      lead: 'READY',
    },
    {
      description: 'the bytes of an earlier epoch',
      earlier: [anEarlier({ superseded: true }), anEarlier({ epoch: 2, payload: 'newer' })],
      plans: [aPlan({ payload: 'old' })],
      did: ['d1', '-d2'],
      lead: 'READY',
    },
    {
      description: 'the destination is not chosen any more',
      earlier: [anEarlier()],
      plans: [aPlan({ destinationId: OTHER })],
      did: ['+1', '-d1'],
      lead: 'READY',
    },
    { description: 'no destination is chosen any more', earlier: [anEarlier()], plans: [], did: ['-d1'], lead: undefined },
    { description: 'delivered, other bytes', earlier: [anEarlier({ status: 'DELIVERED' })], plans: [aPlan()], did: [], lead: 'DELIVERED' },
    { description: 'delivered, not chosen any more', earlier: [anEarlier({ status: 'DELIVERED' })], plans: [], did: [], lead: 'DELIVERED' },
    {
      description: 'delivered there, failed here',
      earlier: [anEarlier({ destinationId: OTHER, status: 'DELIVERED' }), anEarlier()],
      plans: [aPlan({ destinationId: OTHER }), aPlan({ payload: 'old' })],
      did: ['d1'],
      lead: 'READY',
    },
    {
      description: 'sent as new after it was delivered: the effect that is there is not opened again',
      earlier: [anEarlier({ status: 'DELIVERED', superseded: true }), anEarlier({ epoch: 2 })],
      plans: [aPlan({ payload: 'old' })],
      did: ['d2'],
      lead: 'READY',
    },
    {
      description: 'a required field is missing now, while another destination has the lead',
      earlier: [anEarlier({ destinationId: OTHER, status: 'DELIVERED' }), anEarlier()],
      plans: [aPlan({ destinationId: OTHER }), failing],
      did: ['+2 failed', '-d1'],
      lead: 'PERMANENTLY_FAILED',
    },
    {
      description: 'held, the same bytes',
      earlier: [anEarlier({ status: 'HELD', attemptNo: 1 })],
      plans: [aPlan({ payload: 'old' })],
      did: ['d1'],
      lead: 'READY',
    },
  ])('$description', ({ earlier, plans, did, lead }) => {
    expect(inShort(earlier, plans)).toEqual({ did, lead });
  });
});
