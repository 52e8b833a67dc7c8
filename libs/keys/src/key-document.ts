import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import type { IdentityKey, KeyRing } from './key-rings.port.js';

/**
 * The keys as every provider keeps them:
 *
 *     {"current": {"id", "secret"}, "previous": [{"id", "secret"}, …], "tenants": {"<tenant>": {"current", "previous"} | null}}
 *
 * A secret is 32 bytes or more, in hex or base64. A tenant's entry replaces the shared ring for that tenant; `null` gives it no key.
 */
export interface KeyDocument {
  /** null: only the tenants with a ring of their own have keys. */
  readonly shared: KeyRing | null;
  readonly tenants: ReadonlyMap<string, KeyRing | null>;
}

/** Sentences that may be logged and shown: they name places in the document, never what stands there. */
export type DocumentReading = { readonly document: KeyDocument } | { readonly problems: readonly string[] };

const LEAST_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const HEX = /^(?:[0-9a-f]{2})+$/i;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

export function readKeyDocument(text: string): DocumentReading {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own words quote the text.
    return { problems: ['the keys are not valid JSON'] };
  }
  if (!isJsonObject(content as JsonValue))
    return { problems: ['the keys must be a JSON object with "current" and, during a rotation, "previous"'] };
  const problems: string[] = [];
  const document = documentOf(content as JsonObject, problems);
  problems.push(...doubleIds(document));
  return problems.length > 0 ? { problems } : { document };
}

/** `<id>:<secret>` as a document with that one key; any other text as it is. */
export function documentFromShort(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return trimmed;
  const at = trimmed.indexOf(':');
  return JSON.stringify({ current: { id: trimmed.slice(0, Math.max(0, at)), secret: trimmed.slice(at + 1) } });
}

export function writeKeyDocument({ shared, tenants }: KeyDocument): string {
  const written = {
    ...(shared === null ? {} : asJson(shared)),
    ...(tenants.size === 0 ? {} : { tenants: Object.fromEntries([...tenants].map(([name, ring]) => [name, ring && asJson(ring)])) }),
  };
  return `${JSON.stringify(written, null, 2)}\n`;
}

function asJson({ current, previous }: KeyRing): object {
  const key = ({ id, secret }: IdentityKey) => ({ id, secret: secret.toString('base64') });
  return { current: key(current), previous: previous.map(key) };
}

function documentOf(content: JsonObject, problems: string[]): KeyDocument {
  for (const name of Object.keys(content)) {
    if (!['current', 'previous', 'tenants'].includes(name)) {
      problems.push('the keys have a member that means nothing here: only "current", "previous" and "tenants" do');
    }
  }
  const { tenants: given } = content;
  if (given !== undefined && !isJsonObject(given)) problems.push('"tenants" must be an object: tenant → its own ring, or null');
  const entries = isJsonObject(given ?? null) ? Object.entries(given as JsonObject) : [];
  const tenants = new Map<string, KeyRing | null>();
  for (const [name, ring] of entries) tenants.set(name, ring === null ? null : ringOf(ring, `tenants.${name}`, problems));
  const tenantsOnly = content['current'] === undefined && content['previous'] === undefined && tenants.size > 0;
  return { shared: tenantsOnly ? null : ringOf(content, '', problems), tenants };
}

function ringOf(given: JsonValue, place: string, problems: string[]): KeyRing | null {
  const at = (member: string): string => (place === '' ? member : `${place}.${member}`);
  if (!isJsonObject(given)) {
    problems.push(`${place} must be an object with "current" and, during a rotation, "previous"`);
    return null;
  }
  const { previous = [] } = given;
  if (!Array.isArray(previous)) problems.push(`${at('previous')} must be a list of keys`);
  const current = keyOf(given['current'], at('current'), problems);
  const others = Array.isArray(previous) ? previous.map((key, index) => keyOf(key, `${at('previous')}[${index}]`, problems)) : [];
  return current === null ? null : { current, previous: others.filter((key) => key !== null) };
}

function keyOf(given: JsonValue | undefined, place: string, problems: string[]): IdentityKey | null {
  if (!isJsonObject(given ?? null)) {
    problems.push(`${place} is missing: it must be an object with "id" and "secret"`);
    return null;
  }
  const { id, secret } = given as JsonObject;
  const bytes = typeof secret === 'string' ? bytesOf(secret.trim()) : null;
  if (typeof id !== 'string' || !KEY_ID.test(id)) {
    problems.push(`${place}.id must be 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit`);
  }
  if (bytes === null) problems.push(`${place}.secret must be text in hex or base64`);
  else if (bytes.length < LEAST_BYTES) {
    problems.push(
      `${place}.secret has ${bytes.length} bytes and needs at least ${LEAST_BYTES}; make one with: openssl rand -hex ${LEAST_BYTES}`,
    );
  } else if (bytes.every((byte) => byte === bytes[0]))
    problems.push(`${place}.secret is one byte repeated; make one with: openssl rand -hex ${LEAST_BYTES}`);
  return bytes === null || typeof id !== 'string' ? null : { id, secret: bytes };
}

/** Text that is both is hex: what `openssl rand -hex` gives. */
function bytesOf(text: string): Buffer | null {
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  return BASE64.test(text) ? Buffer.from(text, 'base64') : null;
}

/** One id stands for one secret, in all rings: fingerprints are found again by the id of their key. */
function doubleIds({ shared, tenants }: KeyDocument): string[] {
  const secrets = new Map<string, Buffer>();
  const problems: string[] = [];
  for (const [name, ring] of [['', shared] as const, ...tenants]) {
    const seen = new Set<string>();
    for (const { id, secret } of ring === null ? [] : [ring.current, ...ring.previous]) {
      const where = name === '' ? 'the shared ring' : `the ring of ${name}`;
      if (seen.has(id)) problems.push(`${where} has two keys of one id`);
      else if (secrets.get(id)?.equals(secret) === false)
        problems.push(`${where} has a key whose id stands for another secret elsewhere in the keys`);
      seen.add(id);
      secrets.set(id, secret);
    }
  }
  return problems;
}
