import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { toE164 } from './phone-number.js';

/** Google's example mobile number of every country that has telephone numbers. */
const COUNTRIES = getCountries().map((country) => {
  const number = getExampleNumber(country, examples);
  if (number === undefined) throw new Error(`no example number of ${country}`);
  return { country, number };
});

describe('Google’s example numbers', () => {
  it.each(COUNTRIES)('$country: valid as dialled at home, with blanks and from abroad', ({ country, number }) => {
    expect(toE164(number.nationalNumber, country)).toBe(number.number);
    expect(toE164(number.formatNational(), country)).toBe(number.number);
    expect(toE164(number.formatInternational(), country)).toBe(number.number);
    expect(toE164(number.formatInternational(), undefined)).toBe(number.number);
    expect(toE164(number.number, country === 'DE' ? 'US' : 'DE')).toBe(number.number);
  });

  it.each(COUNTRIES)('$country: no number with only its first digits, or with ten more', ({ country, number }) => {
    expect(toE164(number.number.slice(0, 4), country)).toBeNull();
    expect(toE164(`${number.number}1234567890`, country)).toBeNull();
  });
});
