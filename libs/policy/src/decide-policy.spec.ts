import { ON_DUPLICATE, type DedupConfig, type DedupFacts, type LeadId } from '#core';
import { decidePolicy } from './decide-policy.js';

const EARLIER: DedupFacts['duplicateOf'] = { leadId: 'lead-1' as LeadId, matchedOn: 'email', seenAt: new Date(0) };
const decide = (onDuplicate: DedupConfig['on_duplicate'], duplicateOf: DedupFacts['duplicateOf']) =>
  decidePolicy({ mode: 'OFF' }, { identities: ['email'], window_hours: 24, on_duplicate: onDuplicate }, duplicateOf, {});

describe('decidePolicy', () => {
  it.each(ON_DUPLICATE)('passes a lead that is nobody’s duplicate (on_duplicate: %s)', (onDuplicate) => {
    expect(decide(onDuplicate, null)).toEqual({ kind: 'continue', adds: { decision: 'PASS', reasonCodes: [], normalised: {} }, notes: [] });
  });

  it.each(['deliver', 'update'] as const)('lets a duplicate go on with a hint (on_duplicate: %s)', (onDuplicate) => {
    expect(decide(onDuplicate, EARLIER)).toEqual({
      kind: 'continue',
      adds: { decision: 'DUPLICATE_HINT', reasonCodes: ['duplicate_confirmed'], normalised: {} },
      notes: [],
    });
  });

  it('holds a duplicate back without an end', () => {
    expect(decide('hold', EARLIER)).toEqual({
      kind: 'hold',
      reason: { code: 'duplicate', detail: 'the same email as lead lead-1' },
      holdSeconds: null,
    });
  });

  it('rejects a duplicate', () => {
    expect(decide('reject', EARLIER)).toEqual({
      kind: 'reject',
      reasons: [{ code: 'duplicate_confirmed', detail: 'the same email as lead lead-1' }],
    });
  });
});
