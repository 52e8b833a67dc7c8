import { digitsOf, isJsonObject, type JsonValue } from '../json.js';

/** A page, or the middle of one. Behind an XML declaration only the whole one: an answer in XML may have a `body` of its own. */
const HTML_BEGINS =
  /^(?:\uFEFF|\s|<!--[^>]{0,200}-->)*(?:(?:<\?xml[^>]{0,200}\?>\s*)?<(?:!doctype html|html)|<(?:head|body|title|meta|script))[\s>]/i;
const MAX_RECORD_ID = 255;

/**
 * A page for people instead of an answer: a login page, a proxy's maintenance page. Judged by its beginning, not by its content type:
 * many a CRM says text/html and answers "OK".
 */
export function isHtmlPage(text: string): boolean {
  return HTML_BEGINS.test(text.slice(0, 512));
}

/** An answer as JSON, also behind the byte order mark that some servers begin with; undefined: it is none. */
export function readAnswerJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The value at a dot path of an answer; a step into a list is its index. A member whose own name holds the rest of the path wins. */
export function readAnswerPath(value: JsonValue | undefined, path: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (isJsonObject(value) && Object.hasOwn(value, path)) return value[path];
  const dot = path.indexOf('.');
  const step = dot < 0 ? path : path.slice(0, dot);
  const next = Array.isArray(value) ? itemAt(value, step) : Object.hasOwn(value, step) ? value[step] : undefined;
  return dot < 0 ? next : readAnswerPath(next, path.slice(dot + 1));
}

function itemAt(list: readonly JsonValue[], step: string): JsonValue | undefined {
  return /^\d{1,6}$/.test(step) ? list[Number(step)] : undefined;
}

/**
 * The id at a dot path of an answer; null when there is none. Text, or a whole number that JSON carries exactly.
 * Its absence alone never fails a delivery.
 */
export function recordIdAt(value: JsonValue | undefined, path: string): string | null {
  const id = readAnswerPath(value, path);
  if (typeof id === 'number' && Number.isSafeInteger(id)) return digitsOf(id);
  if (typeof id !== 'string' || id === '') return null;
  return id.replaceAll('\0', '').slice(0, MAX_RECORD_ID).toWellFormed();
}
