/**
 * One line of `demo-crm.ndjson`: one lead request, written before it is answered.
 *
 * The body is the last member and, when it is JSON on one line (what every JSON client sends), it stands there byte for byte as it
 * arrived. So a line is at once the stored request, the entry that `GET /_requests` shows, and the exact bytes. In every other case
 * `bodyText` (or `bodyBase64`, for bytes that are not UTF-8) holds the exact bytes beside a readable `body`.
 */
import { createHash } from 'node:crypto';
import type { BodyReading } from './lead-intake.js';
import { member } from './lead-intake.js';

export interface LeadRequest {
  /** ISO 8601, when the whole body had arrived. */
  at: string;
  method: string;
  path: string;
  headers: NodeJS.Dict<string | string[]>;
  /** What is answered; null in the modes in which no status line reaches the sender. */
  status: number | null;
  /** The idempotency key without quotes. */
  key: string | null;
  /** A lead had already arrived under this key. */
  repeat: boolean;
  /** This request made a lead. */
  effect: boolean;
  /** The lead that it made or repeated. */
  id: string | null;
  leadToken: string | null;
  mode: string;
}

/** Where the body stands, in bytes from the beginning of its line. */
export interface BodySpan {
  start: number;
  length: number;
}

const LF = 10;
const CR = 13;
const BLANK = 32;
const HASH_MEMBER = '"bodySha256":';
const BODY_MEMBER = ',"body":';

export function formatLine(request: LeadRequest, body: BodyReading): { line: Buffer; body: BodySpan } {
  const { extra, shown } = showBody(body);
  const sha256 = createHash('sha256')
    .update('bytes' in body ? body.bytes : '')
    .digest('hex');
  const head = `${JSON.stringify({ ...request, ...extra }).slice(0, -1)},${HASH_MEMBER}"${sha256}"${BODY_MEMBER}`;
  const start = Buffer.byteLength(head);
  const line = Buffer.allocUnsafe(start + shown.length + 2);
  line.write(head);
  shown.copy(line, start);
  line.write('}\n', start + shown.length);
  return { line, body: { start, length: shown.length } };
}

function showBody(body: BodyReading): { extra: { bodyText?: string; bodyBase64?: string }; shown: Buffer } {
  switch (body.kind) {
    case 'json': {
      if (!body.bytes.includes(LF) && !body.bytes.includes(CR)) return { extra: {}, shown: body.bytes };
      // Between JSON tokens a line break is only a blank; inside a string it would have to be escaped.
      const shown = body.bytes.map((byte) => (byte === LF || byte === CR ? BLANK : byte));
      return { extra: { bodyText: body.bytes.toString('utf8') }, shown: Buffer.from(shown) };
    }
    case 'text': {
      const bodyText = body.bytes.toString('utf8');
      return { extra: { bodyText }, shown: Buffer.from(JSON.stringify(bodyText)) };
    }
    case 'binary':
      return { extra: { bodyBase64: body.bytes.toString('base64') }, shown: Buffer.from('null') };
    case 'empty':
    case 'too_large':
      return { extra: {}, shown: Buffer.from('null') };
  }
}

/** Reads a line (without its line break) back as far as the index needs it; undefined when it is no line of this ledger. */
export function readLine(line: Buffer): { request: LeadRequest; body: BodySpan } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.toString('utf8'));
  } catch {
    return undefined;
  }
  // Inside any JSON text a quote is escaped, and header names are lower-case, so the first match is the real member.
  const hashAt = line.indexOf(HASH_MEMBER);
  const bodyAt = hashAt < 0 ? -1 : line.indexOf(BODY_MEMBER, hashAt);
  if (bodyAt < 0 || typeof member(parsed, 'at') !== 'string' || typeof member(parsed, 'effect') !== 'boolean') return undefined;
  const start = bodyAt + BODY_MEMBER.length;
  return { request: parsed as LeadRequest, body: { start, length: line.length - 1 - start } };
}
