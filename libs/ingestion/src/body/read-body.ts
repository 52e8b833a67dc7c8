import { decodeUtf8 } from './decode-utf8.js';
import { bodyKindOf, parseMediaType, type MediaType } from './media-type.js';
import { readUrlencoded } from './read-form.js';
import { readJson, type OnDuplicateKeys, type ReadBody } from './read-json.js';
import { readMultipart } from './read-multipart.js';
import { refuse, type Refusal } from './refusal.js';

export interface BodyToRead {
  readonly bytes: Buffer;
  /** Content-Type as sent; null where there is none. */
  readonly contentType: string | null;
  /** Content-Encoding as sent; null where there is none. */
  readonly contentEncoding: string | null;
}

const JSON_TYPE: MediaType = { type: 'application/json', charset: null, boundary: null };
const BRACE = 0x7b;
const BOM = Buffer.from('\uFEFF');

/**
 * The bytes of a lead request as an object: JSON, a urlencoded form or the fields of a multipart form. What `curl -d` sends, JSON under
 * the type of a form, is JSON; so is an untyped body that begins with a brace.
 */
export function readBody(body: BodyToRead, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal | Promise<ReadBody | Refusal> {
  const { bytes, contentType, contentEncoding } = body;
  if (contentEncoding !== null && contentEncoding.toLowerCase() !== 'identity') {
    return refuse('unsupported_encoding', 'Compressed bodies are not taken. Send the body without Content-Encoding.');
  }
  const media = contentType === 'application/json' ? JSON_TYPE : parseMediaType(contentType ?? '');
  if (media.charset !== null && media.charset !== 'utf-8' && media.charset !== 'utf8') {
    return refuse('unsupported_charset', 'Only UTF-8 is taken. Send the body encoded as UTF-8, with charset=utf-8 or without a charset.');
  }
  switch (bodyKindOf(media.type)) {
    case 'json':
      return readTextAs(bytes, (text) => readJson(text, onDuplicateKeys));
    case 'form':
      if (bytes.length === 0) return nothing();
      // No browser sends a bare brace (it would be %7B), so what begins with one was meant as JSON, also when it is broken.
      return readTextAs(bytes, (text) =>
        beginsWithBrace(bytes) ? readJson(text, onDuplicateKeys) : readUrlencoded(text, onDuplicateKeys),
      );
    case 'multipart':
      return bytes.length === 0 ? nothing() : readMultipart(bytes, contentType ?? '', onDuplicateKeys);
    case 'untyped':
      if (bytes.length === 0) return nothing();
      if (beginsWithBrace(bytes)) return readTextAs(bytes, (text) => readJson(text, onDuplicateKeys));
      return unsupported('The body has no Content-Type.');
    case 'other':
      return unsupported('This Content-Type is not taken.');
  }
}

/** A byte order mark does not count. */
export function beginsWithBrace(bytes: Buffer): boolean {
  return bytes[bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0] === BRACE;
}

function readTextAs(bytes: Buffer, read: (text: string) => ReadBody | Refusal): ReadBody | Refusal {
  const text = decodeUtf8(bytes);
  return typeof text === 'string' ? read(text) : text;
}

function nothing(): Refusal {
  return refuse('empty_body', 'The request has no body. Send the lead as a JSON object.');
}

function unsupported(why: string): Refusal {
  return refuse(
    'unsupported_media_type',
    `${why} Send the lead as application/json, application/x-www-form-urlencoded or multipart/form-data.`,
  );
}
