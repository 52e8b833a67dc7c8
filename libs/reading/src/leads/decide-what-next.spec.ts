import { FAILURE_CLASSES, HOLD_REASONS, LEAD_STATUSES } from '#core';
import { decideWhatNext } from './decide-what-next.js';

const failedFor = (failureClass: string | null, supersededAt: Date | null = null) => ({
  status: 'PERMANENTLY_FAILED',
  failureClass,
  supersededAt,
});

describe('what support staff read next to a lead', () => {
  it.each(HOLD_REASONS)('held for %s: a way out', (holdReason) => {
    expect(decideWhatNext({ status: 'HELD', holdReason, deliveries: [] })).toMatch(/by itself|replay it with|POST \/v1\/feedback/);
  });

  it.each(FAILURE_CLASSES)('failed for good, %s: what to mend and which replay', (failureClass) => {
    const next = decideWhatNext({ status: 'PERMANENTLY_FAILED', holdReason: null, deliveries: [failedFor(failureClass)] });
    expect(next).toMatch(/replay it with `(redeliver|reprocess)`/);
  });

  it('speaks of the delivery that counts, not of one whose place was taken', () => {
    const deliveries = [failedFor('gone', new Date(0)), failedFor('missing_field')];
    expect(decideWhatNext({ status: 'PERMANENTLY_FAILED', holdReason: null, deliveries })).toMatch(/was missing/);
  });

  it('has nothing to say only where nothing is left to do', () => {
    const silent = LEAD_STATUSES.filter((status) => decideWhatNext({ status, holdReason: 'poison', deliveries: [] }) === null);
    expect(silent).toEqual(['DELIVERED', 'ERASED']);
  });
});
