import fc from 'fast-check';
import type { JsonObject, JsonValue, NormalisationConfig } from '#core';
import { normalisePayload } from './normalise.stage.js';
import { trimPayload } from './trim.stage.js';

const CONFIG: NormalisationConfig = {
  email: ['email', 'contact.email'],
  phone: ['phone', 'contact.phone'],
  booleans: ['is_owner', 'house.is_owner'],
};
const normalise = (lead: JsonValue, config: Partial<NormalisationConfig> = {}) => normalisePayload(lead, { ...CONFIG, ...config }, 'DE');

describe('trim', () => {
  it('reaches every text at any depth and no member name', () => {
    expect(trimPayload({ ' a ': ' x ', b: [' y ', { c: '\tz\n' }], n: 1, t: true, z: null })).toEqual({
      ' a ': 'x',
      b: ['y', { c: 'z' }],
      n: 1,
      t: true,
      z: null,
    });
  });
});

describe('normalise', () => {
  it('makes one space of inner blanks, except where a text is declared verbatim', () => {
    const lead = { name: 'Ann  Marie', message: 'one\n\ntwo', nested: { message: 'a  b' } };
    expect(normalise(lead, { verbatim: ['message'] }).normalised).toEqual({
      name: 'Ann Marie',
      message: 'one\n\ntwo',
      nested: { message: 'a b' },
    });
  });

  it.each(['true', 'TRUE', 'yes', 'Ja', '1', 1, true])('takes %p for true in a declared field only', (word) => {
    expect(normalise({ house: { is_owner: word }, first_name: word }).normalised).toEqual({ house: { is_owner: true }, first_name: word });
  });

  it.each(['false', 'no', 'Nein', '0', 0, false])('takes %p for false in a declared field', (word) => {
    expect(normalise({ is_owner: word }).normalised).toEqual({ is_owner: false });
  });

  it.each(['y', 'on', 'maybe', '', null, 2])('leaves %p alone in a declared field', (word) => {
    expect(normalise({ is_owner: word }).normalised).toEqual({ is_owner: word });
  });

  it('keeps the phone as it was sent beside its E.164 form', () => {
    const { normalised, identities, notes } = normalise({ phone: '0160 8912308', contact: { phone: 1608912309 } });
    expect(normalised).toEqual({
      phone: '+491608912308',
      phone_original: '0160 8912308',
      contact: { phone: '+491608912309', phone_original: 1608912309 },
    });
    expect(identities.phone).toBe('+491608912308');
    expect(notes).toEqual([]);
  });

  it("does not touch a sender's own member of that name, nor adds one where nothing changed", () => {
    expect(normalise({ phone: '0160 8912308', phone_original: 'mine' }).normalised).toEqual({
      phone: '+491608912308',
      phone_original: 'mine',
    });
    expect(normalise({ phone: '+491608912308' }).normalised).toEqual({ phone: '+491608912308' });
  });

  it('leaves a number that is not valid as it was given, in digits, and says so without repeating it', () => {
    const { normalised, identities, notes } = normalise({ phone: 12, contact: { phone: '0160  x' } });
    expect(normalised).toEqual({ phone: '12', contact: { phone: '0160 x' } });
    expect(identities.phone).toBeNull();
    expect(notes).toEqual([
      { code: 'PHONE_NOT_VALID', detail: 'phone: not a valid phone number in region DE; kept as given' },
      { code: 'PHONE_NOT_VALID', detail: 'contact.phone: not a valid phone number in region DE; kept as given' },
    ]);
  });

  it('says which setting is missing when a national number cannot be read', () => {
    expect(normalisePayload({ phone: '0160 8912308' }, CONFIG, undefined).notes).toEqual([
      { code: 'PHONE_NOT_VALID', detail: expect.stringContaining('phone_region') as string },
    ]);
  });

  it('compares the first valid e-mail, in small letters, and notes the others', () => {
    const { normalised, identities, notes } = normalise({ email: 'NOBODY', contact: { email: 'A@Example.COM' } });
    expect(normalised).toEqual({ email: 'nobody', contact: { email: 'a@example.com' } });
    expect(identities.email).toBe('a@example.com');
    expect(notes).toEqual([{ code: 'EMAIL_NOT_VALID', detail: 'email: not a valid e-mail address; kept as given' }]);
  });

  it.each<JsonObject>([{ email: '', phone: null }, {}, { email: ' ', phone: '\u0000' }])(
    'has nothing to note where nothing was sent: %j',
    (lead) => {
      expect(normalise(trimPayload(lead))).toMatchObject({ identities: { email: null, phone: null }, notes: [] });
    },
  );

  it('tells of every field it is asked to judge whether it is valid, invalid or missing, e-mails first', () => {
    const fields = (lead: JsonObject) =>
      normalise(trimPayload(lead)).judgedFields.map(({ path, kind, state }) => `${kind} ${path} ${state}`);
    expect(fields({ email: ' A@Example.com ', phone: '12', contact: { email: ' \u200b', phone: null } })).toEqual([
      'email email valid',
      'email contact.email missing',
      'phone phone invalid',
      'phone contact.phone missing',
    ]);
    expect(fields({ email: { address: 'a@example.com' }, phone: [], contact: { email: true, phone: 1608912309 } })).toEqual([
      'email email invalid',
      'email contact.email invalid',
      'phone phone invalid',
      'phone contact.phone valid',
    ]);
  });

  it('flags an e-mail that mixes alphabets, keeps it as it is and compares it as it is written', () => {
    const { normalised, identities, judgedFields, notes } = normalise({ email: 'аdmin@example.com' });
    expect(normalised).toEqual({ email: 'аdmin@example.com' });
    expect(identities.email).toBe('аdmin@example.com');
    expect(judgedFields[0]?.state).toBe('valid');
    expect(notes).toEqual([{ code: 'MIXED_SCRIPT', detail: expect.stringMatching(/^email: letters of several alphabets/) as string }]);
  });

  it('makes member names storable; one that needed no repair keeps its value', () => {
    expect(normalise({ 'a\u0000': 1, a: 2, 'b\ud800': 3 }).normalised).toEqual({ a: 2, 'b\ufffd': 3 });
  });

  it('keeps a member called __proto__ as data', () => {
    const lead = JSON.parse('{"__proto__": {"polluted": " yes "}, "email": "a@example.com"}') as JsonObject;
    const { normalised } = normalise(trimPayload(lead));
    expect(JSON.stringify(normalised)).toBe('{"__proto__":{"polluted":"yes"},"email":"a@example.com"}');
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
  });
});

/** Leads as senders make them up: any JSON, with something like the declared fields more often than chance would have it. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(' ', '\u0000', '\ud800', '\u00a0', '\u200b', '\n'),
  ),
});
const anyPhone = fc.oneof(
  anyText,
  fc.string({ unit: fc.constantFrom(...'0123456789 +-()/'), maxLength: 20 }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const anyEmail = fc.oneof(
  anyText,
  fc.emailAddress(),
  fc.emailAddress().map((email) => ` ${email.toUpperCase()}\u0000 `),
);
const anyJson = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<JsonValue>;
const anyLead = fc
  .tuple(
    fc.dictionary(anyText, anyJson),
    fc.record(
      {
        email: fc.oneof(anyEmail, anyJson),
        phone: fc.oneof(anyPhone, anyJson),
        contact: fc.oneof(fc.record({ phone: anyPhone }), anyJson),
        is_owner: anyJson,
      },
      { requiredKeys: [] },
    ),
  )
  .map(([any, declared]) => ({ ...any, ...declared }) as JsonObject);

describe('whatever a sender sends', () => {
  it('trimming twice is trimming once', () => {
    fc.assert(fc.property(anyLead, (lead) => expect(trimPayload(trimPayload(lead))).toEqual(trimPayload(lead))));
  });

  it('normalising twice is normalising once, with the same identities', () => {
    fc.assert(
      fc.property(anyLead, (lead) => {
        const once = normalise(trimPayload(lead));
        const twice = normalise(trimPayload(once.normalised));
        expect(twice.normalised).toEqual(once.normalised);
        expect(twice.identities).toEqual(once.identities);
      }),
      { numRuns: 1000 },
    );
  });

  it('jsonb can store what comes out', () => {
    fc.assert(
      fc.property(anyLead, (lead) => {
        const text = JSON.stringify(normalise(trimPayload(lead)).normalised);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/i);
      }),
      { numRuns: 1000 },
    );
  });
});
