import { FAILURE_CLASSES, HOLD_REASONS, LEAD_STATUSES, PAUSE_REASONS } from '#core';
import { decideWhatNext } from './decide-what-next.js';
import type { MendingDelivery } from './what-mends.js';

const DELIVERED: MendingDelivery = {
  purpose: 'deliver',
  destination: 'crm',
  status: 'DELIVERED',
  failureClass: null,
  supersededAt: null,
  waitsFor: null,
  attempts: [],
};
const failedFor = (failureClass: string | null, given: Partial<MendingDelivery> = {}): MendingDelivery => ({
  ...DELIVERED,
  status: 'PERMANENTLY_FAILED',
  failureClass,
  ...given,
});
const lastMet = (statusCode: number | null, errorCode: string | null = null) => ({ attempts: [{ statusCode, errorCode }] });
const waiting = (what: 'resume' | 'person' | 'time', reason: string | null, given: Partial<MendingDelivery> = {}): MendingDelivery => ({
  ...DELIVERED,
  status: what === 'person' ? 'HELD' : 'RETRYING',
  waitsFor: { what, until: null, reason },
  ...given,
});
const ofFailed = (...deliveries: MendingDelivery[]) => decideWhatNext({ status: 'PERMANENTLY_FAILED', holdReason: null, deliveries });

describe('what support staff read next to a lead', () => {
  it.each(HOLD_REASONS)('held for %s: a way out', (holdReason) => {
    expect(decideWhatNext({ status: 'HELD', holdReason, deliveries: [] })).toMatch(/by itself|replay it with|POST \/v1\/feedback/);
  });

  it.each(FAILURE_CLASSES)('failed for good, %s: what to mend and which replay', (failureClass) => {
    expect(ofFailed(failedFor(failureClass))).toMatch(/replay it with `(redeliver|reprocess)`/);
  });

  it.each(PAUSE_REASONS)('waits for a destination that is paused, %s: who ends that and how', (reason) => {
    const next = decideWhatNext({ status: 'FAILED', holdReason: null, deliveries: [waiting('resume', reason)] });
    expect(next).toMatch(/^An attempt failed[^\n]*\ncrm: [^\n]*paused[^\n]*(by itself|destinations resume)/);
  });

  it('failed for good without anything to send, as what could not be mapped: decided anew, because there is nothing to redeliver', () => {
    expect(ofFailed()).toMatch(/`rejection_reason`.*replay it with `reprocess`/);
    expect(ofFailed(failedFor('gone', { purpose: 'fetch' }))).toMatch(/replay it with `reprocess`/);
  });

  it('speaks of the delivery that counts, not of one whose place was taken, nor of a fetch', () => {
    const next = ofFailed(
      failedFor('gone', { supersededAt: new Date(0) }),
      failedFor('missing_field'),
      failedFor('gone', { purpose: 'fetch' }),
    );
    expect(next).toMatch(/^A field that the destination requires was missing[^\n]*$/);
  });

  it('speaks of each destination that needs something, on a line with its name', () => {
    const deliveries = [
      failedFor('refused', { destination: 'hubspot' }),
      { ...DELIVERED, destination: 'archive' },
      failedFor('gone', { destination: 'partner' }),
      failedFor('misconfigured', { destination: 'erp', ...lastMet(404) }),
    ];
    const lines = ofFailed(...deliveries)?.split('\n') ?? [];
    expect(lines.map((line) => line.slice(0, line.indexOf('. ')))).toEqual([
      'hubspot: The CRM said no to this lead (`last_error`)',
      'partner: The destination is no more (410)',
      'erp: Nothing is at the address of the destination (404)',
    ]);
  });

  it('speaks of one that failed while the lead still goes to another', () => {
    const deliveries = [failedFor('gone', { destination: 'partner' }), waiting('time', null)];
    expect(decideWhatNext({ status: 'FAILED', holdReason: null, deliveries })).toMatch(
      /^An attempt failed.*\npartner: The destination is no more/,
    );
  });

  it('says that a destination was removed or renamed, and what lets its leads go on', () => {
    const left = [waiting('time', null), waiting('time', null, { destination: 'other' }), failedFor('gone', { destination: 'third' })];
    const next = decideWhatNext({ status: 'FAILED', holdReason: null, deliveries: left }, (name) => (name === 'other' ? 'none' : null));
    expect(next).toMatch(
      /^An attempt failed[^\n]*\ncrm: [^\n]*removed or renamed\. Put it back under this name[^\n]*\nthird: [^\n]*410[^\n]*$/,
    );
  });

  it('speaks of every destination the lead is held for', () => {
    const deliveries = [waiting('person', 'unknown_outcome'), waiting('person', 'destination_refuses_us', { destination: 'other' })];
    expect(decideWhatNext({ status: 'HELD', holdReason: 'unknown_outcome', deliveries })).toMatch(
      /^crm: A call ended without an answer.*\nother: The CRM refused our credentials/,
    );
    expect(decideWhatNext({ status: 'HELD', holdReason: 'duplicate', deliveries: [] })).toMatch(/^The tenant holds back/);
  });

  it.each([
    ['bearer', 401, '`authentication.token`'],
    ['basic', 403, '`authentication.password`'],
    ['api_key', 401, '`authentication.key`'],
    ['oauth2_client_credentials', 407, '`authentication.client_secret`'],
    ['standard_webhooks', 401, '`authentication.secret`'],
    ['none', 401, '`authentication` is `none`'],
    [undefined, 401, '`authentication`'],
  ] as const)('says that the credentials (%s) were refused by %i, and which setting mends it', (kind, status, setting) => {
    const next = decideWhatNext(
      { status: 'PERMANENTLY_FAILED', holdReason: null, deliveries: [failedFor('misconfigured', lastMet(status))] },
      (name) => (name === 'crm' ? kind : undefined),
    );
    expect(next).toContain(`The CRM refused our credentials (${status}), not the lead.`);
    expect(next).toContain(setting);
    expect(next).toMatch(/then replay it with `redeliver`\.$/);
  });

  it.each([
    [404, null, '`url`'],
    [308, null, 'redirects are not followed'],
    [null, 'ADDRESS_NOT_ALLOWED', 'LEADGATE_ALLOWED_PRIVATE_ADDRESSES'],
    [null, 'HEADER_NOT_ALLOWED', '`authentication`'],
  ])('names the setting for %s %s: %s', (status, code, says) => {
    const next = ofFailed(failedFor('misconfigured', lastMet(status, code)));
    expect(next).toContain(says);
    expect(next).not.toContain('credentials');
  });

  it('has nothing to say only where nothing is left to do', () => {
    const silent = LEAD_STATUSES.filter((status) => decideWhatNext({ status, holdReason: 'poison', deliveries: [DELIVERED] }) === null);
    expect(silent).toEqual(['DELIVERED', 'ERASED']);
  });
});
