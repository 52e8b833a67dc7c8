import { isSupportedCountry, parsePhoneNumberFromString, type PhoneNumber } from 'libphonenumber-js/max';

/** Longer than any number with extension and words around it; libphonenumber's own limit, asked before anything is searched in the text. */
export const PHONE_MAX_LENGTH = 250;

/**
 * The number in E.164 form, e.g. `+491608912308`, or null when the text is no valid number.
 * @param region ISO 3166 alpha-2, where a number without + was dialled; without one only international numbers can be valid
 */
export function toE164(text: string, region: string | undefined): string | null {
  if (text.length > PHONE_MAX_LENGTH) return null;
  const country = region !== undefined && isSupportedCountry(region) ? region : undefined;
  const asDialled = parsePhoneNumberFromString(text, country);
  const number = country === undefined ? asDialled : (mobileWithoutPlus(text, country, asDialled) ?? asDialled);
  return number?.isValid() ? number.number : null;
}

/**
 * `491608912308` in Germany is +49 160 8912308 whose + was lost (a JSON number cannot even hold it). Where fixed-line numbers vary in
 * length, as in Germany, libphonenumber alone takes it for a valid fixed-line number that nobody meant, and somebody else is called.
 * Mobile numbers have exact lengths and prefixes, so this reading wins only when it is a mobile number and the other is not.
 */
function mobileWithoutPlus(text: string, region: string, asDialled: PhoneNumber | undefined): PhoneNumber | undefined {
  if (!/^[1-9]/.test(text) || asDialled?.getType() === 'MOBILE') return undefined;
  const international = parsePhoneNumberFromString(`+${text}`);
  return international?.country === region && international.getType() === 'MOBILE' ? international : undefined;
}
