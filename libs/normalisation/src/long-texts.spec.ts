import * as address from '@hapi/address';
import * as phones from 'libphonenumber-js/max';
import { normalisePayload } from './normalise.stage.js';
import { trimPayload } from './trim.stage.js';

jest.mock('@hapi/address', () => counting(jest.requireActual('@hapi/address'), 'isEmailValid'));
jest.mock('libphonenumber-js/max', () => counting(jest.requireActual('libphonenumber-js/max'), 'parsePhoneNumberFromString'));

function counting<Module extends object>(actual: Module, name: keyof Module): Module {
  return { ...actual, [name]: jest.fn(actual[name] as never) };
}

const CONFIG = { email: ['email'], phone: ['phone'], booleans: [] };
const MEGABYTE = 1 << 20;
const judge = (lead: { email: string; phone: string }) => normalisePayload(trimPayload(lead), CONFIG, 'DE');

/** Work done is counted, not timed: what is longer than any address or number reaches no parser. */
describe('a text of a megabyte', () => {
  beforeEach(() => jest.clearAllMocks());

  it.each([
    ['letters', 'a'],
    ['dots', '.'],
    ['at signs', '@'],
    ['letters outside of the basic plane', '😀'],
    ['plus signs', '+'],
    ['digits', '7'],
  ])('of %s is judged without being parsed', (_, unit) => {
    const text = unit.repeat(MEGABYTE / unit.length);
    const { judgedFields, identities } = judge({ email: `${text}@example.com`, phone: `+49${text}` });
    expect(judgedFields.map(({ state }) => state)).toEqual(['invalid', 'invalid']);
    expect(identities).toEqual({ email: null, phone: null });
    expect(address.isEmailValid).not.toHaveBeenCalled();
    expect(phones.parsePhoneNumberFromString).not.toHaveBeenCalled();
  });

  it('of blanks is nothing', () => {
    const { judgedFields } = judge({ email: ' \u00a0'.repeat(MEGABYTE / 2), phone: '\u200b'.repeat(MEGABYTE) });
    expect(judgedFields.map(({ state }) => state)).toEqual(['missing', 'missing']);
  });

  it('is not looked at twice where a short one is', () => {
    judge({ email: 'a@example.com', phone: '0160 8912308' });
    expect(address.isEmailValid).toHaveBeenCalledTimes(1);
    expect(phones.parsePhoneNumberFromString).toHaveBeenCalledTimes(1);
  });
});
