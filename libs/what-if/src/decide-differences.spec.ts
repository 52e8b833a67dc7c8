import type { LeadId } from '#core';
import { decideDifferences, decideDrift } from './decide-differences.js';
import { EMPTY_SUMMARY, summarise } from './summarise.js';
import type { Told } from './told.js';

const told = (changes: Partial<Told> = {}): Told => ({
  outcome: 'continue',
  decision: 'PASS',
  reasonCodes: [],
  duplicateOf: null,
  sent: new Map([['crm', new Map([['email', '"a"']])]]),
  ...changes,
});
const sent = (fields: Record<string, string> | null): Pick<Told, 'sent'> => ({
  sent: new Map([['crm', fields === null ? null : new Map(Object.entries(fields))]]),
});
const earlier = (leadId: string, matchedOn: 'email' | 'phone' = 'email'): Pick<Told, 'duplicateOf'> => ({
  duplicateOf: { leadId: leadId as LeadId, matchedOn },
});

it.each<{ description: string; before?: Partial<Told>; after?: Partial<Told>; kinds: string[] }>([
  { description: 'two versions that say the same', kinds: [] },
  { description: 'another decision', after: { decision: 'REJECT', outcome: 'reject', reasonCodes: ['NO_ZIP'] }, kinds: ['decision'] },
  { description: 'the same decision for other reasons', after: { reasonCodes: ['OTHER'] }, kinds: ['decision'] },
  {
    description: 'a hold instead of a warning',
    before: { decision: 'WARN' },
    after: { decision: 'WARN', outcome: 'hold' },
    kinds: ['decision'],
  },
  { description: 'a new duplicate', after: earlier('1'), kinds: ['duplicate'] },
  {
    description: 'a duplicate of the same lead by another identity',
    before: earlier('1'),
    after: earlier('1', 'phone'),
    kinds: ['duplicate'],
  },
  { description: 'a destination less', after: { sent: new Map() }, kinds: ['route'] },
  { description: 'a destination that cannot have it any more', after: sent(null), kinds: ['route'] },
  { description: 'another value', after: sent({ email: '"b"' }), kinds: ['payload'] },
  { description: 'fields that appear and go', after: sent({ mail: '"a"' }), kinds: ['payload'] },
])('$description: $kinds', ({ before = {}, after = {}, kinds }) => {
  expect(decideDifferences(told(before), told(after)).map(({ kind }) => kind)).toEqual(kinds);
});

it('names fields and never their values', () => {
  const [difference] = decideDifferences(told(sent({ a: '"canary"', b: '1', c: '1' })), told(sent({ b: '2', c: '1', d: '"canary"' })));
  expect(difference).toEqual({ kind: 'payload', subject: 'crm', before: { removed: ['a'] }, after: { added: ['d'], changed: ['b'] } });
});

it('keeps a difference small, whatever names a sender chooses', () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`${n}`.padStart(500, 'x'), '1']));
  const [difference] = decideDifferences(told(sent({})), told(sent(fields)));
  expect(JSON.stringify(difference).length).toBeLessThan(6000);
});

it('tells a drift as one difference', () => {
  expect(decideDrift(told(), told())).toBeNull();
  const drift = decideDrift(told(), told({ ...earlier('1'), ...sent({ email: '"b"' }) }));
  expect(drift).toMatchObject({ kind: 'recorded', after: { duplicate: { lead_id: '1' }, 'payload crm': { changed: ['email'] } } });
});

it('counts leads by what changes for them', () => {
  const one = decideDifferences(told(), told({ ...earlier('1'), sent: new Map() }));
  const other = decideDifferences(told(earlier('1')), told(sent({ email: '"b"' })));
  expect([one, other, []].reduce(summarise, EMPTY_SUMMARY)).toEqual({
    ...EMPTY_SUMMARY,
    changed: 2,
    duplicates: { new: 1, gone: 1, other: 0 },
    routes: { crm: { more: 0, fewer: 1 } },
    payloads: { crm: { email: 1 } },
  });
});
