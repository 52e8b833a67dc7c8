import { toE164 } from './phone-number.js';

describe('toE164', () => {
  it.each([
    { description: 'a national number', text: '0160 8912308', region: 'DE', e164: '+491608912308' },
    {
      description: 'a national number without the zero that a number cannot hold',
      text: '1608912308',
      region: 'DE',
      e164: '+491608912308',
    },
    { description: 'a mobile number whose + was lost', text: '491608912308', region: 'DE', e164: '+491608912308' },
    {
      description: 'a fixed-line number of a place whose code begins like the country',
      text: '0491 6089123',
      region: 'DE',
      e164: '+494916089123',
    },
    { description: 'the same without its zero', text: '4916089123', region: 'DE', e164: '+494916089123' },
    { description: 'an international number', text: '+43 664 1234567', region: 'DE', e164: '+436641234567' },
    { description: 'an international number dialled with 00', text: '0049 160 8912308', region: 'DE', e164: '+491608912308' },
    { description: 'an international number without a region', text: '+491608912308', region: undefined, e164: '+491608912308' },
    { description: 'full-width digits', text: '０１６０ ８９１２３０８', region: 'DE', e164: '+491608912308' },
    { description: 'an extension, which E.164 has no room for', text: '+1 202 555 0123 ext. 5', region: 'DE', e164: '+12025550123' },
    { description: 'no national number without a region', text: '0160 8912308', region: undefined, e164: null },
    { description: 'no national number in a region that is none', text: '0160 8912308', region: 'XX', e164: null },
    { description: 'no number that is too short', text: '0160 891', region: 'DE', e164: null },
    { description: 'no two numbers at once', text: '0160 8912308 / 0170 1234567', region: 'DE', e164: null },
    { description: 'no words', text: 'call me', region: 'DE', e164: null },
    { description: 'no endless text', text: '1'.repeat(100_000), region: 'DE', e164: null },
  ])('reads $description', ({ text, region, e164 }) => {
    expect(toE164(text, region)).toBe(e164);
  });
});
