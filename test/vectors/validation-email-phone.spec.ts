import fc from 'fast-check';
import type { JsonObject } from '#core';
import { INVALID_EMAILS, VALID_EMAILS } from '../fixtures/email-addresses.js';
import { VALIDITY_CASES } from '../fixtures/policy-decisions.js';
import { fieldVerdict } from '../support/field-verdict.js';
import { shippedConfig } from '../support/shipped-config.js';

const salvage = shippedConfig('t1');
const strict = shippedConfig('t2');

describe('e-mail addresses and phone numbers are judged as the replaced guard did', () => {
  it.each(VALIDITY_CASES)('$id: $decision $codes', async ({ email, phone, decision, codes }) => {
    expect(await fieldVerdict(strict, { email, phone })).toMatchObject({ decision, codes });
  });

  it.each(VALID_EMAILS)('takes $email', async ({ email }) => {
    expect(await fieldVerdict(strict, { email })).toMatchObject({ decision: 'PASS' });
  });

  // What storing repairs (blanks at the ends, NUL, halves of surrogate pairs) is not judged any more.
  it.each(INVALID_EMAILS.filter(({ email }) => email.trim() === email && !email.includes('\u0000') && email.isWellFormed()))(
    'refuses $email',
    async ({ email }) => {
      for (const tenant of [strict, salvage])
        expect(await fieldVerdict(tenant, { email })).toMatchObject({ decision: 'REJECT', codes: ['REJECT_INVALID_EMAIL'] });
    },
  );

  it('decides on any two values, STRICT never passes an invalid phone and SALVAGE never sends one on', async () => {
    const any = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.string({ unit: fc.constantFrom(...'+0123456789 ') }));
    await fc.assert(
      fc.asyncProperty(any, any, async (email, phone) => {
        const lead = { email, phone } as JsonObject;
        const [kept, refused] = [await fieldVerdict(salvage, lead), await fieldVerdict(strict, lead)];
        if (refused.decision === 'PASS') expect(kept).toEqual(refused);
        const sent = kept.normalised?.['phone'];
        if (typeof sent === 'string' && sent !== '') expect(sent).toMatch(/^\+[1-9]\d+$/);
        else expect([undefined, null, '']).toContain(sent);
      }),
      { numRuns: 500 },
    );
  });
});
