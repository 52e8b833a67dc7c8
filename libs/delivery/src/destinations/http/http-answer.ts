import { readPath, type JsonValue } from '#core';

const HTML_BEGINS = /^(?:\uFEFF|\s|<!--[^>]{0,200}-->)*<(?:!doctype html|html)[\s>]/i;
const MAX_RECORD_ID = 255;

/**
 * A page for people instead of an answer: a login page, a proxy's maintenance page. Judged by its beginning, not by its content type:
 * many a CRM says text/html and answers "OK".
 */
export function isHtmlPage(body: Buffer): boolean {
  return HTML_BEGINS.test(body.subarray(0, 512).toString('utf8'));
}

/** The id under a dot path of a JSON answer; null when there is none or the answer is not JSON. Its absence never fails a delivery. */
export function recordIdOf(body: Buffer, path: string): string | null {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return null;
  }
  const id = readPath(parsed, path);
  if (typeof id === 'number' && Number.isSafeInteger(id)) return `${id}`;
  if (typeof id !== 'string' || id === '') return null;
  return id.replaceAll('\0', '').slice(0, MAX_RECORD_ID).toWellFormed();
}
