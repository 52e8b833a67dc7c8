import type { DedupConfig, EarlierLead, LeadId, SourceId, TenantConfig, TenantId } from '#core';
import { ClaimIndex, type ClaimAnswer, type ClaimQuery } from './claim-index.port.js';
import { dedupStage } from './dedup.stage.js';

type Identities = DedupConfig['identities'];

/** Gives one planned answer and refuses to be asked when none is planned. */
class PlannedClaimIndex extends ClaimIndex {
  readonly asked: ClaimQuery[] = [];

  constructor(private readonly answer?: ClaimAnswer) {
    super();
  }

  override look(query: ClaimQuery): Promise<ClaimAnswer> {
    this.asked.push(query);
    return this.answer === undefined ? Promise.reject(new Error('nobody should have asked')) : Promise.resolve(this.answer);
  }
}

const EARLIER: EarlierLead = { leadId: 'lead-1' as LeadId, matchedOn: 'phone', seenAt: new Date(0) };

const facts = (identities: Identities, nativeId: string | null = null, email: string | null = 'a@example.com') => ({
  lead: {
    id: 'lead-2' as LeadId,
    tenantId: 'acme' as TenantId,
    sourceId: 'acme/form' as SourceId,
    receivedAt: new Date(0),
    nativeId,
    flags: [],
  },
  claimCheck: 'usual' as const,
  config: { dedup: { identities, window_hours: 24, on_duplicate: 'deliver' } } as unknown as TenantConfig,
  identities: { email, phone: null },
});

describe('dedup', () => {
  it("asks for the identities that the tenant compares and the lead has, in the tenant's order", async () => {
    const claims = new PlannedClaimIndex({ earlier: null, fingerprints: [] });
    expect(await dedupStage(claims).run(facts(['native_id', 'phone', 'email'], '4711'))).toEqual({
      kind: 'continue',
      adds: { duplicateOf: null, duplicateCheckSkipped: false, fingerprints: [] },
      notes: [],
    });
    expect(claims.asked).toEqual([
      {
        tenantId: 'acme',
        leadId: 'lead-2',
        check: 'usual',
        windowHours: 24,
        identities: [
          { kind: 'native_id', value: '4711' },
          { kind: 'email', value: 'a@example.com' },
        ],
        alsoIndexed: [],
      },
    ]);
  });

  it('wants the fingerprints also of what the tenant does not compare, because leads are found by them', async () => {
    const claims = new PlannedClaimIndex({ earlier: null, fingerprints: [] });
    await dedupStage(claims).run(facts([]));
    expect(claims.asked).toMatchObject([{ identities: [], alsoIndexed: [{ kind: 'email', value: 'a@example.com' }] }]);
  });

  it('asks nobody when the lead has nothing to compare or to be found by', async () => {
    const outcome = await dedupStage(new PlannedClaimIndex()).run(facts(['phone', 'native_id'], null, null));
    expect(outcome).toMatchObject({ kind: 'continue', adds: { duplicateOf: null, duplicateCheckSkipped: false, fingerprints: [] } });
  });

  it('adds the earlier lead and notes which identity both share', async () => {
    expect(await dedupStage(new PlannedClaimIndex({ earlier: EARLIER, fingerprints: [] })).run(facts(['email']))).toEqual({
      kind: 'continue',
      adds: { duplicateOf: EARLIER, duplicateCheckSkipped: false, fingerprints: [] },
      notes: [{ code: 'duplicate_confirmed', detail: 'the same phone as lead lead-1' }],
    });
  });

  it.each([
    ['has no key', new PlannedClaimIndex({ skipped: 'no_key', fingerprints: [] }), 'the tenant has no key'],
    ['gets no answer', new PlannedClaimIndex({ skipped: 'unavailable', fingerprints: [] }), 'the index did not answer'],
  ])('lets a lead go on, flagged, when it %s', async (_description, claims, detail) => {
    expect(await dedupStage(claims).run(facts(['email']))).toEqual({
      kind: 'continue',
      adds: { duplicateOf: null, duplicateCheckSkipped: true, fingerprints: [] },
      notes: [{ code: 'index_unavailable', detail: expect.stringContaining(detail) as string }],
    });
  });
});
