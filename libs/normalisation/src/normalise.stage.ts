import {
  changeAtPath,
  digitsOf,
  isJsonObject,
  ORIGINAL_SUFFIX,
  proceed,
  readPath,
  REASON_CODES,
  type JsonObject,
  type JsonValue,
  type JudgedField,
  type LeadFacts,
  type NormalisationConfig,
  type NormalisedFacts,
  type Reason,
  type Stage,
  type TrimmedFacts,
} from '#core';
import { isEmailAddress, mixesScripts } from './email-address.js';
import { toE164 } from './phone-number.js';
import { collapseBlanks, storable, trimBlanks } from './text.js';

type Needs = Pick<TrimmedFacts, 'trimmed'> & Pick<LeadFacts, 'config' | 'source'>;

/** Brings values into the one form that later stages compare and send. Refuses nothing: what is no valid number or address stays as it is. */
export function normaliseStage(): Stage<Needs, NormalisedFacts> {
  return {
    name: 'normalise',
    run: ({ trimmed, config, source }) => {
      const { notes, ...adds } = normalisePayload(trimmed, config.normalisation, source.phone_region);
      return proceed(adds, notes);
    },
  };
}

const TRUE_WORDS: readonly JsonValue[] = ['true', 'yes', 'ja', '1', 1];
const FALSE_WORDS: readonly JsonValue[] = ['false', 'no', 'nein', '0', 0];

/**
 * @param trimmed the lead after trimming; anything but an object counts as an empty one
 * @param region where a national phone number is read
 * @returns `normalised` is safe for jsonb; applying this function to it once more changes nothing
 */
export function normalisePayload(
  trimmed: JsonValue,
  config: NormalisationConfig,
  region: string | undefined,
): NormalisedFacts & { readonly notes: readonly Reason[] } {
  const given = isJsonObject(trimmed) ? trimmed : {};
  const normalised = mapTexts(given, (text) => trimBlanks(collapseBlanks(storable(text)))) as JsonObject;
  for (const path of config.verbatim ?? []) {
    const asSent = readPath(given, path);
    if (asSent !== undefined) changeAtPath(normalised, path, () => mapTexts(asSent, (text) => trimBlanks(storable(text))));
  }
  for (const path of config.booleans) changeAtPath(normalised, path, toBoolean);

  const notes: Reason[] = [];
  const emails = config.email.map((path) => normaliseEmail(normalised, path, notes));
  const phones = config.phone.map((path) => normalisePhone(normalised, path, region, notes));
  const judgedFields = [
    ...config.email.map((path, index) => judgedField(normalised, path, 'email', emails[index] ?? null)),
    ...config.phone.map((path, index) => judgedField(normalised, path, 'phone', phones[index] ?? null)),
  ];
  return { normalised, identities: { email: firstOf(emails), phone: firstOf(phones) }, judgedFields, notes };
}

/** A copy with every text changed, member names made storable. Where two names become one, the name that needed no repair keeps its value. */
function mapTexts(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isJsonObject(value)) return value;
  const members: [string, JsonValue][] = [];
  for (const [key, member] of Object.entries(value)) {
    const name = storable(key);
    if (name === key || !Object.hasOwn(value, name)) members.push([name, mapTexts(member, change)]);
  }
  return Object.fromEntries(members);
}

function toBoolean(value: JsonValue): JsonValue {
  const word = typeof value === 'string' ? value.toLowerCase() : value;
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : value;
}

/** @returns the valid address found at the path, else null */
function normaliseEmail(normalised: JsonObject, path: string, notes: Reason[]): string | null {
  let valid: string | null = null;
  changeAtPath(normalised, path, (value) => {
    if (isAbsent(value)) return value;
    const email = typeof value === 'string' ? value.toLowerCase() : value;
    if (typeof email === 'string' && isEmailAddress(email)) valid = email;
    else notes.push({ code: REASON_CODES.emailNotValid, detail: `${path}: not a valid e-mail address; kept as given` });
    if (typeof email === 'string' && mixesScripts(email)) {
      notes.push({
        code: REASON_CODES.mixedScript,
        detail: `${path}: letters of several alphabets in one word, or invisible ones; kept as given and compared exactly as written`,
      });
    }
    return email;
  });
  return valid;
}

/** @returns the valid number found at the path, else null */
function normalisePhone(normalised: JsonObject, path: string, region: string | undefined, notes: Reason[]): string | null {
  let valid: string | null = null;
  changeAtPath(normalised, path, (value, holder, key) => {
    if (isAbsent(value)) return value;
    const text = typeof value === 'number' ? digitsOf(value) : value;
    valid = typeof text === 'string' ? toE164(text, region) : null;
    if (valid === null) {
      notes.push({ code: REASON_CODES.phoneNotValid, detail: `${path}: ${notValidIn(region)}; kept as given` });
      return text;
    }
    const original = `${key}${ORIGINAL_SUFFIX}`;
    if (valid !== value && !Object.hasOwn(holder, original)) holder[original] = value;
    return valid;
  });
  return valid;
}

function notValidIn(region: string | undefined): string {
  return region === undefined
    ? 'not a valid international phone number, and the source has no phone_region in which to read a national one'
    : `not a valid phone number in region ${region}`;
}

function judgedField(normalised: JsonObject, path: string, kind: JudgedField['kind'], valid: string | null): JudgedField {
  if (valid !== null) return { path, kind, state: 'valid' };
  return { path, kind, state: isAbsent(readPath(normalised, path) ?? null) ? 'missing' : 'invalid' };
}

const isAbsent = (value: JsonValue): boolean => value === null || value === '';
const firstOf = (values: readonly (string | null)[]): string | null => values.find((value) => value !== null) ?? null;
