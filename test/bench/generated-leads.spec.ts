import { isEmailValid } from '@hapi/address';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { LeadGenerator } from '../../bench/guard/generate-leads.js';
import type { LabelledLead } from '../../bench/guard/labels.js';
import { BLOCK, LEAD_KINDS, type LeadKind } from '../../bench/guard/lead-kinds.js';

const COUNT = 20 * BLOCK;
const generator = new LeadGenerator(1);
const leads = Array.from({ length: COUNT }, (_, number) => generator.lead(number));
const ofKind = (...kinds: readonly LeadKind[]): LabelledLead[] => leads.filter(({ kind }) => kinds.includes(kind));
const trimmed = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
const emailOf = ({ fields }: LabelledLead): string => trimmed(fields['email']).toLowerCase();
const phoneOf = ({ fields }: LabelledLead): string | undefined => {
  const text = trimmed(fields['phone']);
  const number = text === '' ? undefined : parsePhoneNumberFromString(text, 'US');
  return number?.isValid() === true ? number.number : undefined;
};
const originalOf = ({ copyOf }: LabelledLead): LabelledLead => leads[copyOf ?? -1] as LabelledLead;

describe('the leads of the guard benchmark', () => {
  it('have the promised shares, in every block of 200', () => {
    for (let block = 0; block < COUNT; block += BLOCK) {
      const kinds = leads.slice(block, block + BLOCK).map(({ kind }) => kind);
      expect(LEAD_KINDS.map((kind) => kinds.filter((one) => one === kind).length)).toEqual([125, 40, 14, 10, 6, 5]);
    }
  });

  it('are the same for the same seed, in whatever order they are made, and others for another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 188 }), fc.integer({ min: 0, max: 200_000 }), (seed, number) => {
        const other = new LeadGenerator(seed);
        other.lead(7);
        expect(other.lead(number)).toEqual(new LeadGenerator(seed).lead(number));
        expect(other.lead(number).fields).not.toEqual(new LeadGenerator(seed + 1).lead(number).fields);
      }),
      { numRuns: 200 },
    );
  });

  it('clean and dirty: valid, with identities of their own, must pass', () => {
    const people = ofKind('clean', 'dirty');
    for (const lead of people) {
      expect(isEmailValid(emailOf(lead))).toBe(true);
      if (trimmed(lead.fields['phone']) !== '')
        expect([lead.fields['phone'], phoneOf(lead)]).toEqual([lead.fields['phone'], expect.any(String)]);
      expect(lead.allowed).toEqual({ STRICT: ['PASS'], SALVAGE: ['PASS'] });
    }
    const owners = leads.filter(({ kind }) => kind !== 'exact_duplicate' && kind !== 'near_duplicate');
    const emails = owners.map(emailOf).filter((email) => email !== '');
    expect(new Set(emails).size).toBe(emails.length);
    const phones = leads.filter(({ kind }) => kind !== 'exact_duplicate' && kind !== 'edge_case').flatMap((lead) => phoneOf(lead) ?? []);
    expect(new Set(phones).size).toBe(phones.length);
  });

  it('dirty: written otherwise than in the one form', () => {
    const untidy = ofKind('dirty').filter(
      ({ fields }) => fields['email'] !== trimmed(fields['email']).toLowerCase() || !/^\+1\d{10}$/.test(String(fields['phone'])),
    );
    expect(untidy.length).toBeGreaterThan(0.95 * ofKind('dirty').length);
  });

  it('broken: something present is invalid or the address is missing', () => {
    for (const lead of ofKind('broken')) {
      const email = isEmailValid(emailOf(lead));
      const phone = trimmed(lead.fields['phone']) === '' || phoneOf(lead) !== undefined;
      expect(email && phone).toBe(false);
      expect(lead.allowed).toEqual({ STRICT: ['REJECT'], SALVAGE: [email ? 'WARN' : 'REJECT'] });
    }
  });

  it('near-duplicates: the address of an earlier lead, the phone another or none', () => {
    for (const lead of ofKind('near_duplicate')) {
      expect(lead.copyOf).toBeLessThan(lead.number);
      expect(['clean', 'dirty']).toContain(originalOf(lead).kind);
      expect(emailOf(lead)).toBe(emailOf(originalOf(lead)));
      const phone = phoneOf(lead);
      if (phone !== undefined) expect(phone).not.toBe(phoneOf(originalOf(lead)));
      expect(lead.allowed).toEqual({ STRICT: [phone === undefined ? 'REJECT' : 'DUPLICATE_HINT'], SALVAGE: ['DUPLICATE_HINT'] });
      expect(lead.fields['source_id']).not.toBe(originalOf(lead).fields['source_id']);
    }
  });

  it('exact duplicates: the same once more, as a replay or from another submission', () => {
    const copies = ofKind('exact_duplicate');
    for (const lead of copies) {
      const { source_id: own, ...content } = lead.fields;
      const { source_id: first, ...original } = originalOf(lead).fields;
      expect(content).toEqual(original);
      expect(own === first).toBe(lead.isReplay);
      expect(lead.allowed.STRICT).toEqual([lead.isReplay ? 'PASS' : 'DUPLICATE_HINT']);
    }
    expect(new Set(copies.map(({ isReplay }) => isReplay)).size).toBe(2);
  });

  it('edge cases: the harmless ones must pass, on the others any decision is right', () => {
    for (const lead of ofKind('edge_case')) {
      if (lead.allowed.STRICT.length > 1) continue;
      expect([isEmailValid(emailOf(lead)), phoneOf(lead)]).toEqual([true, expect.any(String)]);
      expect(lead.allowed.STRICT).toEqual(['PASS']);
    }
  });
});
