import type { DeliveryId, DeliveryStatus, DestinationId, LeadId, LeadStatus, NextStep, TenantId } from '#core';
import type { ClosedAttempt } from './attempt.js';
import { A_WORKING_SERVICE } from './testing/a-working-service.js';
import { settleLeads } from './settle-leads.js';
import type { DeliveryRow } from './standing.js';

const DELIVERED: NextStep = { status: 'DELIVERED' };
const RETRYING: NextStep = { status: 'RETRYING', delaySeconds: 30, error: 'Server error: 500' };
const FAILED: NextStep = { status: 'PERMANENTLY_FAILED', error: 'Client error: 400' };
const HELD: NextStep = { status: 'HELD', reason: 'unknown_outcome', error: 'Unknown outcome: Connection lost' };

const anAttempt = (given: Partial<ClosedAttempt> = {}): ClosedAttempt => ({
  deliveryId: 'd1' as DeliveryId,
  tenantId: 'demo' as TenantId,
  leadId: 'l1' as LeadId,
  destinationId: 'demo/crm' as DestinationId,
  attemptNo: 1,
  attemptsBefore: 0,
  requestId: 'r',
  probe: false,
  sentState: 'answered',
  outcome: 'delivered',
  statusCode: 201,
  errorCode: null,
  errorMessage: null,
  retryAfterSeconds: null,
  excerpt: null,
  recordId: null,
  decidedBy: null,
  fetched: null,
  durationMs: 1,
  step: DELIVERED,
  failureClass: null,
  actor: 'delivery',
  service: A_WORKING_SERVICE,
  ...given,
});
const aRow = (id: string, status: DeliveryStatus = 'SENDING', attemptNo = 1): DeliveryRow => ({
  id: id as DeliveryId,
  leadId: 'l1' as LeadId,
  purpose: 'deliver',
  status,
  attemptNo,
  attemptsBefore: 0,
  superseded: false,
  holdReason: status === 'HELD' ? 'destination_refuses_us' : null,
});
const aLead = (status: LeadStatus = 'READY') => [{ id: 'l1' as LeadId, status, holdReason: null, fetched: false }];

describe('settleLeads', () => {
  it.each([
    { description: 'delivered', from: 'READY', steps: [DELIVERED], to: 'DELIVERED' },
    { description: 'retried', from: 'READY', steps: [RETRYING], to: 'FAILED' },
    { description: 'retried again', from: 'FAILED', steps: [RETRYING], to: 'FAILED' },
    { description: 'refused', from: 'READY', steps: [FAILED], to: 'PERMANENTLY_FAILED' },
    { description: 'held', from: 'READY', steps: [HELD], to: 'HELD' },
    { description: 'both delivered in one batch', from: 'READY', steps: [DELIVERED, DELIVERED], to: 'DELIVERED' },
    { description: 'one delivered, one refused in one batch', from: 'READY', steps: [DELIVERED, FAILED], to: 'PERMANENTLY_FAILED' },
  ] as const)('$description: $from → $to', ({ from, steps, to }) => {
    const attempts = steps.map((step, index) => anAttempt({ deliveryId: `d${index}` as DeliveryId, step }));
    const { won, changes, events } = settleLeads(
      attempts,
      aLead(from),
      attempts.map(({ deliveryId }) => aRow(deliveryId)),
    );
    expect(won).toEqual(attempts);
    expect(changes).toEqual([expect.objectContaining({ id: 'l1', from, to })]);
    expect(events).toHaveLength(steps.length + 1);
    expect(events.at(-1)).toMatchObject({ type: 'lead.status', from, to });
  });

  it.each([
    { description: 'another attempt is open', rows: [aRow('d1', 'SENDING', 2)] },
    { description: 'it was closed by somebody else', rows: [aRow('d1', 'RETRYING', 1)] },
    { description: 'it was delivered', rows: [aRow('d1', 'DELIVERED', 1)] },
    { description: 'the delivery is gone', rows: [] },
  ])('drops an attempt when $description', ({ rows }) => {
    expect(settleLeads([anAttempt()], aLead(), rows)).toEqual({ won: [], changes: [], fetches: [], events: [] });
  });

  it('lets one of two closings of the same attempt win', () => {
    const [owner, reclaim] = [anAttempt(), anAttempt({ step: RETRYING, actor: 'relay' })];
    expect(settleLeads([owner, reclaim], aLead(), [aRow('d1')]).won).toEqual([owner]);
  });

  it.each([
    { description: 'FAILED while another delivery has not begun', status: 'FAILED', other: aRow('d2', 'PENDING', 0) },
    { description: 'erased', status: 'ERASED', other: aRow('d2', 'DELIVERED') },
    { description: 'FAILED while another delivery waits after a failed attempt', status: 'FAILED', other: aRow('d2', 'RETRYING') },
    { description: 'READY while another delivery is open', status: 'READY', other: aRow('d2', 'PENDING', 0) },
  ] as const)('leaves a lead as it is: $description', ({ status, other }) => {
    const { won, changes, events } = settleLeads([anAttempt()], aLead(status), [aRow('d1'), other]);
    expect(won).toHaveLength(1);
    expect(changes).toEqual([]);
    expect(events).toEqual([expect.objectContaining({ type: 'delivery.delivered', deliveryId: 'd1' })]);
  });

  it('names the reason of a hold on the lead', () => {
    const { changes, events } = settleLeads([anAttempt({ step: HELD })], aLead('FAILED'), [aRow('d1')]);
    expect(changes).toEqual([{ id: 'l1', from: 'FAILED', to: 'HELD', holdReason: 'unknown_outcome' }]);
    expect(events.at(-1)).toMatchObject({ to: 'HELD', reason: 'unknown_outcome' });
  });

  it('names the reason of a delivery that was held before, when the last open one ends', () => {
    const { changes } = settleLeads([anAttempt()], aLead(), [aRow('d1'), aRow('d2', 'HELD')]);
    expect(changes).toEqual([{ id: 'l1', from: 'READY', to: 'HELD', holdReason: 'destination_refuses_us' }]);
  });

  it('lets deliveries that were superseded have no say', () => {
    const { changes } = settleLeads([anAttempt()], aLead(), [aRow('d1'), { ...aRow('d2', 'PERMANENTLY_FAILED'), superseded: true }]);
    expect(changes).toEqual([{ id: 'l1', from: 'READY', to: 'DELIVERED', holdReason: null }]);
  });

  it('writes ids, codes and numbers to the trail, nothing of the answer', () => {
    const { events } = settleLeads([anAttempt({ step: RETRYING, statusCode: 500, excerpt: 'canary' })], aLead(), [aRow('d1')]);
    expect(events[0]?.detail).toEqual({ destination: 'demo/crm', attemptNo: 1, sentState: 'answered', statusCode: 500, delaySeconds: 30 });
    expect(JSON.stringify(events)).not.toContain('canary');
  });
});
