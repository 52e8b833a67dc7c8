import type { Fingerprint, LeadId, TenantId } from '#core';
import { type ClaimHolder, claimName, decideLateChecks, type UncheckedLead } from './decide-late-checks.js';

const T = 'acme' as TenantId;
const at = (hour: number): Date => new Date(Date.UTC(2026, 0, 1, hour));
const NOW = at(12);

const fingerprint = (kind: 'email' | 'phone', text: string): Fingerprint => ({ kind, keyId: 'k', current: true, value: Buffer.from(text) });
const ADA = fingerprint('email', 'ada');
const HER_PHONE = fingerprint('phone', '1');

const unchecked = (id: string, hour: number, ...fingerprints: Fingerprint[]): UncheckedLead => ({
  id: id as LeadId,
  tenantId: T,
  receivedAt: at(hour),
  fingerprints,
  windowHours: 24,
});
const holder = (id: string, hour: number, more: Partial<ClaimHolder> = {}): ClaimHolder => ({
  leadId: id as LeadId,
  receivedAt: at(hour),
  claimedAt: at(hour),
  expiresAt: at(hour + 24),
  first: true,
  ...more,
});
const heldBy = (...held: [Fingerprint, ClaimHolder][]) => new Map(held.map(([one, who]) => [claimName(T, one), who]));
const said = ({ duplicates, claims }: ReturnType<typeof decideLateChecks>) => ({
  duplicates: duplicates.map(({ leadId, earlier }) => `${leadId} of ${earlier.leadId} by ${earlier.matchedOn}`),
  claims: claims.map(({ lead, fingerprint: { kind } }) => `${lead.id} ${kind}`),
});

describe('a duplicate check that is made late', () => {
  it.each([
    { what: 'nobody was before', leads: [unchecked('a', 1, ADA)], held: heldBy(), duplicates: [], claims: ['a email'] },
    {
      what: 'somebody was: a duplicate, which claims what is free',
      leads: [unchecked('b', 2, ADA, HER_PHONE)],
      held: heldBy([ADA, holder('a', 1)]),
      duplicates: ['b of a by email'],
      claims: ['b phone'],
    },
    {
      what: 'both were unchecked: the older one was first',
      leads: [unchecked('a', 1, ADA), unchecked('b', 2, ADA)],
      held: heldBy(),
      duplicates: ['b of a by email'],
      claims: ['a email'],
    },
    {
      what: 'a later lead was told of the unchecked one and holds the claim: the claim goes back, and nothing is told',
      leads: [unchecked('a', 1, ADA)],
      held: heldBy([ADA, holder('b', 2, { first: false })]),
      duplicates: [],
      claims: ['a email'],
    },
    {
      what: 'a later lead was taken for the first: it is the duplicate, once',
      leads: [unchecked('a', 1, ADA, HER_PHONE)],
      held: heldBy([ADA, holder('b', 2)], [HER_PHONE, holder('b', 2)]),
      duplicates: ['b of a by email'],
      claims: ['a email', 'a phone'],
    },
    {
      what: 'the claim had expired when the lead came',
      leads: [unchecked('b', 2, ADA)],
      held: heldBy([ADA, holder('a', 1, { expiresAt: at(2) })]),
      duplicates: [],
      claims: ['b email'],
    },
    {
      what: 'the claim has expired since',
      leads: [unchecked('b', 2, ADA)],
      held: heldBy([ADA, holder('a', 1, { expiresAt: at(3) })]),
      duplicates: ['b of a by email'],
      claims: [],
    },
    {
      what: 'the earlier one was held and claimed after the later one came',
      leads: [unchecked('b', 2, ADA)],
      held: heldBy([ADA, holder('a', 1, { claimedAt: at(3) })]),
      duplicates: ['b of a by email'],
      claims: [],
    },
    {
      what: 'its own claim is no duplicate',
      leads: [unchecked('a', 1, ADA)],
      held: heldBy([ADA, holder('a', 1)]),
      duplicates: [],
      claims: [],
    },
    {
      what: 'its window is over: nothing is claimed any more',
      leads: [{ ...unchecked('a', 1, ADA), windowHours: 1 }],
      held: heldBy(),
      duplicates: [],
      claims: [],
    },
    {
      what: 'of two earlier leads the one that claimed first',
      leads: [unchecked('c', 3, ADA, HER_PHONE)],
      held: heldBy([ADA, holder('b', 2)], [HER_PHONE, holder('a', 1)]),
      duplicates: ['c of a by phone'],
      claims: [],
    },
  ])('$what', ({ leads, held, duplicates, claims }) => {
    expect(said(decideLateChecks(leads, held, NOW))).toEqual({ duplicates, claims });
  });
});
