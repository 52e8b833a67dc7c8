import { canTransition } from '../lead/lead-status.js';
import type { DestinationId, LeadId, TenantId } from '../ids.js';
import { decideNextStep } from './decide-next-step.js';
import { canDeliveryBecome, DELIVERY_STATUSES, deliveryStatusesLeadingTo, isOpenDelivery, type DeliveryStatus } from './delivery-status.js';
import { deliveryIdempotencyKey, type DeliveryIdentity } from './idempotency-key.js';
import { leadStatusOf } from './lead-status-of.js';

describe('delivery statuses', () => {
  it('lets nothing follow a delivery that came to an end', () => {
    for (const to of DELIVERY_STATUSES) {
      for (const from of ['DELIVERED', 'PERMANENTLY_FAILED', 'HELD'] as const) expect(canDeliveryBecome(from, to)).toBe(false);
    }
  });

  it('lets only waiting deliveries be claimed', () => {
    expect(deliveryStatusesLeadingTo('SENDING')).toEqual(['PENDING', 'RETRYING']);
  });

  it('ends an attempt only from SENDING', () => {
    for (const to of ['RETRYING', 'HELD', 'DELIVERED', 'PERMANENTLY_FAILED'] as const) {
      expect(deliveryStatusesLeadingTo(to)).toEqual(['SENDING']);
    }
  });
});

describe('leadStatusOf', () => {
  const standing = (status: DeliveryStatus, attemptNo = 1) => ({ status, attemptNo });

  it.each([
    { description: 'no delivery', deliveries: [], expected: undefined },
    { description: 'planned', deliveries: [standing('PENDING', 0)], expected: 'READY' },
    { description: 'first attempt running', deliveries: [standing('SENDING', 1)], expected: 'READY' },
    { description: 'waits after a failed attempt', deliveries: [standing('RETRYING', 1)], expected: 'FAILED' },
    { description: 'second attempt running', deliveries: [standing('SENDING', 2)], expected: 'FAILED' },
    { description: 'delivered', deliveries: [standing('DELIVERED', 3)], expected: 'DELIVERED' },
    { description: 'failed for good', deliveries: [standing('PERMANENTLY_FAILED', 6)], expected: 'PERMANENTLY_FAILED' },
    { description: 'held', deliveries: [standing('HELD')], expected: 'HELD' },
    { description: 'one delivered, one planned', deliveries: [standing('DELIVERED'), standing('PENDING', 0)], expected: 'READY' },
    { description: 'one delivered, one waits again', deliveries: [standing('DELIVERED'), standing('RETRYING')], expected: 'FAILED' },
    {
      description: 'one failed for good, one open',
      deliveries: [standing('PERMANENTLY_FAILED'), standing('PENDING', 0)],
      expected: 'READY',
    },
    { description: 'one held, one open', deliveries: [standing('HELD'), standing('SENDING')], expected: 'READY' },
    { description: 'one held, one failed for good', deliveries: [standing('HELD'), standing('PERMANENTLY_FAILED')], expected: 'HELD' },
    {
      description: 'one delivered, one failed for good',
      deliveries: [standing('DELIVERED'), standing('PERMANENTLY_FAILED')],
      expected: 'PERMANENTLY_FAILED',
    },
    { description: 'all delivered', deliveries: [standing('DELIVERED'), standing('DELIVERED', 4)], expected: 'DELIVERED' },
    {
      description: 'the first attempt after a redelivery runs',
      deliveries: [{ ...standing('SENDING', 7), attemptsBefore: 6 }],
      expected: 'READY',
    },
    {
      description: 'the second attempt after a redelivery runs',
      deliveries: [{ ...standing('SENDING', 8), attemptsBefore: 6 }],
      expected: 'FAILED',
    },
    {
      description: 'a failed one that was superseded, and a delivered one',
      deliveries: [{ ...standing('PERMANENTLY_FAILED', 6), superseded: true }, standing('DELIVERED')],
      expected: 'DELIVERED',
    },
    { description: 'only superseded ones', deliveries: [{ ...standing('HELD'), superseded: true }], expected: undefined },
  ])('$description → $expected', ({ deliveries, expected }) => {
    expect(leadStatusOf(deliveries)).toBe(expected);
  });

  it('never asks a lead to leave HELD or an end while its deliveries run their course', () => {
    const ends = DELIVERY_STATUSES.filter((status) => !isOpenDelivery(status));
    for (const first of ends) {
      for (const second of ends) {
        const before = leadStatusOf([standing(first), standing('RETRYING')]);
        const after = leadStatusOf([standing(first), standing(second)]);
        expect(before !== undefined && after !== undefined && canTransition(before, after)).toBe(true);
      }
    }
  });
});

describe('decideNextStep', () => {
  const schedule = { multiples: [1, 2], baseSeconds: 30, jitter: null };

  it.each([
    { description: 'delivered', verdict: { kind: 'delivered' }, attemptNo: 1, step: { status: 'DELIVERED' } },
    {
      description: 'refused at once, whatever is left of the schedule',
      verdict: { kind: 'refused', error: 'Client error: 400' },
      attemptNo: 1,
      step: { status: 'PERMANENTLY_FAILED', error: 'Client error: 400' },
    },
    {
      description: 'retried on the schedule',
      verdict: { kind: 'retry', cause: 'Server error: 503', retryAfterSeconds: null },
      attemptNo: 2,
      step: { status: 'RETRYING', delaySeconds: 60, error: 'Server error: 503' },
    },
    {
      description: 'exhausted, with the last cause',
      verdict: { kind: 'retry', cause: 'Server error: 503', retryAfterSeconds: 5 },
      attemptNo: 3,
      step: { status: 'PERMANENTLY_FAILED', error: 'Max retries exhausted: Server error: 503' },
    },
    {
      description: 'tried again after the last gap where no call was made, and that takes no place',
      verdict: { kind: 'retry', cause: 'No turn', retryAfterSeconds: null, uncounted: true },
      attemptNo: 3,
      step: { status: 'RETRYING', delaySeconds: 30, error: 'No turn', uncounted: true },
    },
    {
      description: 'held also on the last attempt',
      verdict: { kind: 'hold', reason: 'unknown_outcome', error: 'Unknown outcome: Connection lost' },
      attemptNo: 3,
      step: { status: 'HELD', reason: 'unknown_outcome', error: 'Unknown outcome: Connection lost' },
    },
  ] as const)('$description', ({ verdict, attemptNo, step }) => {
    expect(decideNextStep(verdict, { ...schedule, attemptNo })).toEqual(step);
  });
});

describe('deliveryIdempotencyKey', () => {
  const aDelivery = (given: Partial<DeliveryIdentity> = {}): DeliveryIdentity => ({
    tenantId: 'demo' as TenantId,
    leadId: '01935f2a-0000-7000-8000-000000000001' as LeadId,
    destinationId: 'demo/customer-api' as DestinationId,
    epoch: 1,
    ...given,
  });

  it('is the same for the same delivery, forever', () => {
    expect(deliveryIdempotencyKey(aDelivery())).toMatch(/^[A-Z2-7]{52}$/);
    expect(deliveryIdempotencyKey(aDelivery())).toBe('VFMMG6CAB7DCTG4IV3TMM3LHZ3OBYUHZ7AR2WRDKZ7X6WGNAAECA');
  });

  it('differs in every part', () => {
    const keys = [
      aDelivery(),
      aDelivery({ tenantId: 'demo2' as TenantId }),
      aDelivery({ leadId: '01935f2a-0000-7000-8000-000000000002' as LeadId }),
      aDelivery({ destinationId: 'demo/other' as DestinationId }),
      aDelivery({ epoch: 2 }),
    ].map(deliveryIdempotencyKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
