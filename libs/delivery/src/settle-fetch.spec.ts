import type { DeliveryId, DeliveryStatus, DestinationId, JsonObject, LeadId, LeadStatus, NextStep, TenantId } from '#core';
import type { ClosedAttempt } from './attempt.js';
import { A_WORKING_SERVICE } from './testing/a-working-service.js';
import { settleLeads } from './settle-leads.js';
import type { DeliveryRow, LeadStanding } from './standing.js';

const FETCHED: JsonObject = { email: 'ada@lovelace.org', full_name: 'Ada Lovelace' };
const REFUSED: NextStep = {
  status: 'PERMANENTLY_FAILED',
  error: 'Graph error 100/33: there is no such lead, or this token may not see it',
};
const TOKEN: NextStep = { status: 'HELD', reason: 'destination_refuses_us', error: 'Graph error 190' };
const AGAIN: NextStep = { status: 'RETRYING', delaySeconds: 30, error: 'Server error: 500' };

const anAttempt = (given: Partial<ClosedAttempt> = {}): ClosedAttempt => ({
  deliveryId: 'f1' as DeliveryId,
  tenantId: 'demo' as TenantId,
  leadId: 'l1' as LeadId,
  destinationId: 'demo/facebook.fetch' as DestinationId,
  attemptNo: 2,
  attemptsBefore: 0,
  requestId: 'r',
  probe: false,
  sentState: 'answered',
  outcome: 'delivered',
  statusCode: 200,
  errorCode: null,
  errorMessage: null,
  retryAfterSeconds: null,
  excerpt: null,
  recordId: null,
  decidedBy: null,
  fetched: FETCHED,
  durationMs: 1,
  step: { status: 'DELIVERED' },
  failureClass: null,
  actor: 'delivery',
  service: A_WORKING_SERVICE,
  ...given,
});
const failed = (step: NextStep): ClosedAttempt => anAttempt({ step, fetched: null });
const aLead = (given: Partial<LeadStanding> = {}): LeadStanding => ({
  id: 'l1' as LeadId,
  status: 'HELD',
  holdReason: 'awaiting_fetch',
  fetched: false,
  ...given,
});
const aCall = (given: { id?: string; status?: DeliveryStatus; purpose?: 'deliver' | 'fetch' } = {}): DeliveryRow => ({
  id: (given.id ?? 'f1') as DeliveryId,
  leadId: 'l1' as LeadId,
  purpose: given.purpose ?? 'fetch',
  status: given.status ?? 'SENDING',
  attemptNo: 2,
  attemptsBefore: 0,
  superseded: false,
  holdReason: null,
});

describe('a fetch that came to an end', () => {
  it('with the lead: RECEIVED with its fields, to be decided again', () => {
    const { won, changes, fetches, events } = settleLeads([anAttempt()], [aLead()], [aCall()]);
    expect(won).toHaveLength(1);
    expect(changes).toEqual([]);
    expect(fetches).toEqual([expect.objectContaining({ id: 'l1', to: 'RECEIVED', holdReason: null, fetched: FETCHED })]);
    expect(events.map(({ type, from, to, reason }) => ({ type, from, to, reason }))).toEqual([
      { type: 'delivery.delivered', from: 'SENDING', to: 'DELIVERED', reason: null },
      { type: 'lead.fetched' },
      { type: 'lead.status', from: 'HELD', to: 'RECEIVED', reason: 'awaiting_fetch' },
    ]);
  });

  it.each([
    { description: 'refused for good', step: REFUSED, holdReason: 'fetch_failed' },
    { description: 'our token is refused', step: TOKEN, holdReason: 'destination_refuses_us' },
  ])('without it, $description: stays HELD($holdReason)', ({ step, holdReason }) => {
    const { fetches, events } = settleLeads([failed(step)], [aLead()], [aCall()]);
    expect(fetches).toEqual([expect.objectContaining({ id: 'l1', to: 'HELD', holdReason, fetched: null })]);
    expect(events.at(-1)).toMatchObject({ type: 'lead.held', from: 'HELD', to: 'HELD', reason: holdReason });
  });

  it('writes no value and no name of a form to the trail', () => {
    const { events } = settleLeads([anAttempt()], [aLead()], [aCall()]);
    expect(events[1]?.detail).toEqual({ destination: 'demo/facebook.fetch', attemptNo: 2, fields: 2 });
    expect(JSON.stringify(events)).not.toMatch(/ada|full_name/i);
  });

  it.each([
    { description: 'that is tried again', attempt: failed(AGAIN), lead: aLead(), others: [] },
    { description: 'of an erased lead', attempt: anAttempt(), lead: aLead({ status: 'ERASED', holdReason: null }), others: [] },
    { description: 'of a lead that is being decided anew', attempt: anAttempt(), lead: aLead({ status: 'RECEIVED' }), others: [] },
    { description: 'of a lead that is held for something else', attempt: anAttempt(), lead: aLead({ holdReason: 'poison' }), others: [] },
    { description: 'of a lead that was fetched before', attempt: anAttempt(), lead: aLead({ fetched: true }), others: [] },
    {
      description: 'beside another call that is open',
      attempt: failed(REFUSED),
      lead: aLead(),
      others: [aCall({ id: 'f2', status: 'RETRYING' })],
    },
  ])('changes nothing of the lead: one $description', ({ attempt, lead, others }) => {
    const { won, changes, fetches, events } = settleLeads([attempt], [lead], [aCall(), ...others]);
    expect(won).toHaveLength(1);
    expect({ changes, fetches }).toEqual({ changes: [], fetches: [] });
    expect(events).toHaveLength(1);
  });

  it('counts also after an earlier one failed: whoever asked again gets the lead', () => {
    const { fetches } = settleLeads(
      [anAttempt()],
      [aLead({ holdReason: 'fetch_failed' })],
      [aCall(), aCall({ id: 'f0', status: 'PERMANENTLY_FAILED' })],
    );
    expect(fetches).toEqual([expect.objectContaining({ to: 'RECEIVED' })]);
  });

  it.each<{ status: LeadStatus; delivery: DeliveryStatus }>([
    { status: 'READY', delivery: 'PENDING' },
    { status: 'FAILED', delivery: 'RETRYING' },
    { status: 'DELIVERED', delivery: 'DELIVERED' },
  ])('has no say once the lead goes to its CRM: $status stays $status', ({ status, delivery }) => {
    const lead = aLead({ status, holdReason: null, fetched: true });
    const rows = [aCall(), aCall({ id: 'd1', purpose: 'deliver', status: delivery })];
    for (const attempt of [anAttempt(), failed(AGAIN), failed(REFUSED)])
      expect(settleLeads([attempt], [lead], rows)).toMatchObject({ changes: [], fetches: [] });
  });

  it('has no say in what the deliveries come to', () => {
    const delivered = anAttempt({ deliveryId: 'd1' as DeliveryId, fetched: null });
    const lead = aLead({ status: 'READY', holdReason: null, fetched: true });
    const calls = [aCall({ id: 'f1', status: 'PERMANENTLY_FAILED' }), aCall({ id: 'f2', status: 'HELD' })];
    const { changes } = settleLeads([delivered], [lead], [...calls, aCall({ id: 'd1', purpose: 'deliver' })]);
    expect(changes).toEqual([{ id: 'l1', from: 'READY', to: 'DELIVERED', holdReason: null }]);
  });
});
