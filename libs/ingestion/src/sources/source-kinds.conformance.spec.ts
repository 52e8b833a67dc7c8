import fc from 'fast-check';
import { isJsonObject, SOURCE_AUTHENTICATIONS, type JsonObject, type JsonValue, type SourceConfig } from '#core';
import { aSource } from '../authentication/testing/a-source.js';
import { countMembers } from '../body/read-json.js';
import { isRefusal, VERDICTS, type Refusal } from '../body/refusal.js';
import { storableCopy } from '../body/storable-copy.js';
import type { ReadRequest, SourceKind } from './source-kind.js';
import { SOURCE_KINDS } from './source-kinds.js';
import { EXAMPLE_REQUESTS } from './testing/example-requests.js';

interface Sent {
  readonly bytes: Buffer;
  readonly contentType: string | null;
  readonly contentEncoding?: string | null;
}

const sourceOf = ({ kind }: SourceKind): SourceConfig => frozen(aSource({ kind, field_names: { EMAIL: 'email', f1: 'contact.email' } }));
const read = async (kind: SourceKind, { bytes, contentType, contentEncoding = null }: Sent, onDuplicateKeys: 'flag' | 'refuse' = 'flag') =>
  await kind.read({ bytes, contentType, contentEncoding, source: sourceOf(kind) }, onDuplicateKeys);

/** What holds for everything that a kind reads, whatever it was sent. */
async function expectToBeSound(kind: SourceKind, sent: Sent): Promise<ReadRequest | Refusal> {
  const before = Buffer.from(sent.bytes);
  const result = await read(kind, sent);
  expect(sent.bytes.equals(before)).toBe(true);
  expect(await read(kind, sent)).toEqual(result);
  if (isRefusal(result)) {
    expect(Object.keys(VERDICTS)).toContain(result.verdict);
    expect(result.detail).toMatch(/\S\.$/);
    return result;
  }
  for (const { payload, verbatim, nativeId } of result.items) {
    expect(isJsonObject(payload) && Object.getPrototypeOf(payload) === Object.prototype).toBe(true);
    expect(countMembers(payload)).toBeGreaterThanOrEqual(0);
    expect(storableCopy(payload)).toBe(payload);
    expect(JSON.parse(JSON.stringify(payload))).toEqual(payload);
    if (verbatim) expect(JSON.parse(sent.bytes.toString())).toEqual(payload);
    expect(nativeId).not.toBe('');
  }
  const ids = result.items.map(({ nativeId }) => nativeId).filter((id) => id !== null);
  expect(new Set(ids).size).toBe(ids.length);
  expect(storableCopy(result.fingerprint.payload)).toBe(result.fingerprint.payload);
  return result;
}

const NAUGHTY = [
  '__proto__',
  'constructor',
  'constructor.prototype',
  'hasOwnProperty',
  'toString',
  '\0',
  '\ud800',
  'a\0@b.de',
  '\u202e',
  '',
  ' ',
  '.',
  '..',
];
const text = fc.oneof(fc.constantFrom(...NAUGHTY), fc.string({ unit: 'binary', maxLength: 12 }));
const anyValue = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<JsonValue>(null, true, 0, -1, 1e21, [], {}, [[]], [null]),
) as fc.Arbitrary<JsonValue>;
const TYPES = [
  'application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=b',
  'multipart/form-data',
  'text/plain',
  '',
  null,
];

describe.each(SOURCE_KINDS.map((kind) => [kind.kind, kind] as const))('the kind %s', (name, kind) => {
  const example = EXAMPLE_REQUESTS[name];
  const exampleBytes = (): Buffer => Buffer.from(example?.body ?? '');

  it('has words for people, and an example', () => {
    expect(kind.kind).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(kind.label).not.toBe('');
    expect(kind.help).toMatch(/\.$/);
    expect(example).toBeDefined();
  });

  it('reads its example as leads', async () => {
    const result = await expectToBeSound(kind, { bytes: exampleBytes(), contentType: example?.contentType ?? null });
    expect(result).toMatchObject({ items: [{ payload: expect.any(Object) as JsonObject }] });
  });

  it('withstands any bytes under any type', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      fc.string({ unit: 'binary' }).map((string) => Buffer.from(string)),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(...TYPES), async (body, contentType) => {
        await expectToBeSound(kind, { bytes: body, contentType });
      }),
      { numRuns: 300 },
    );
  });

  it('withstands its example with anything anywhere', async () => {
    if (example?.contentType !== 'application/json') return;
    const places = placesIn(JSON.parse(example.body) as JsonValue);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...places), anyValue), { minLength: 1, maxLength: 3 }), async (changes) => {
        const body = JSON.parse(example.body) as JsonObject;
        for (const [place, value] of changes) change(body, place, value);
        await expectToBeSound(kind, { bytes: Buffer.from(JSON.stringify(body)), contentType: example.contentType });
      }),
      { numRuns: 1000 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('withstands its example cut off and changed at any byte', async () => {
    const contentType = example?.contentType ?? null;
    for (let at = 0; at < exampleBytes().length; at += 1) {
      await expectToBeSound(kind, { bytes: exampleBytes().subarray(0, at), contentType });
      const changed = exampleBytes();
      changed[at] = (changed[at] as number) ^ 0x82;
      await expectToBeSound(kind, { bytes: changed, contentType });
    }
  });

  it('takes nothing compressed', async () => {
    const sent = { bytes: exampleBytes(), contentType: example?.contentType ?? null, contentEncoding: 'gzip' };
    expect(await read(kind, sent)).toMatchObject({ verdict: 'unsupported_encoding' });
  });

  it('flags or refuses repeated names, as the style of answers wants it', async () => {
    const twice =
      example?.contentType === 'application/json'
        ? example.body.replace('{', '{"repeated":1,"repeated":2,')
        : `${example?.body}&repeated=1&repeated=2`;
    const sent = { bytes: Buffer.from(twice), contentType: example?.contentType ?? null };
    expect(await read(kind, sent, 'refuse')).toMatchObject({ verdict: 'duplicate_keys' });
    const flagged = (await read(kind, sent, 'flag')) as ReadRequest;
    for (const { flags } of flagged.items) expect(flags).toContain('DUPLICATE_KEYS');
  });

  it('speaks about every configuration, member first', () => {
    for (const authentication of SOURCE_AUTHENTICATIONS) {
      for (const problem of kind.problems?.(aSource({ kind: name, authentication: { kind: authentication } })) ?? []) {
        expect(problem).toMatch(/^[a-z_.]+: (?:must|is|has) /);
      }
    }
  });

  it('gives nobody but who knows the token more than a word at the handshake', () => {
    const { handshake } = kind;
    if (handshake === undefined) return;
    const source = aSource({ kind: name, handshake_token: 'token' });
    fc.assert(
      fc.property(text, text, (token, mode) => {
        const query = { 'hub.mode': mode, 'hub.challenge': 'ECHO', 'hub.verify_token': token };
        const { status, body } = handshake(new URLSearchParams(query), source);
        expect([400, 403]).toContain(status);
        expect(body).not.toContain('ECHO');
      }),
    );
  });
});

it('integers beyond 2^53 keep their digits in every kind that reads JSON', async () => {
  for (const kind of SOURCE_KINDS) {
    const { contentType, body } = EXAMPLE_REQUESTS[kind.kind] ?? { contentType: '', body: '' };
    if (contentType !== 'application/json') continue;
    const bytes = Buffer.from(body.replaceAll(/"(2|L1|t|ada@lovelace\.org)"/g, '9223372036854775807'));
    const result = await read(kind, { bytes, contentType });
    // The guard's fields are texts, so its number is refused with the rest.
    if (kind.kind !== 'guard') expect(JSON.stringify(result)).toContain('"9223372036854775807"');
  }
});

/** Every path of the value, as a list of steps. */
function placesIn(value: JsonValue, at: readonly string[] = []): string[][] {
  const members = isJsonObject(value) || Array.isArray(value) ? Object.entries(value) : [];
  return members.flatMap(([name, member]) => [[...at, name], ...placesIn(member as JsonValue, [...at, name])]);
}

function change(body: JsonObject, place: readonly string[], value: JsonValue): void {
  const holder = place.slice(0, -1).reduce<JsonValue | undefined>((at, step) => (at as JsonObject | undefined)?.[step], body);
  if (typeof holder === 'object' && holder !== null) Reflect.set(holder, place.at(-1) as string, structuredClone(value));
}

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
