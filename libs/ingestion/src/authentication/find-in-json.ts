import { isJsonObject } from '#core';

/** Where a member of a body stands. */
export interface FoundMember {
  /** Bytes of the value as it was sent; of a JSON text without its quotes. */
  readonly start: number;
  readonly end: number;
  /** What it says, escapes undone; a number is its digits. */
  readonly value: string;
  /** A JSON value without quotes of its own: only a text of the same length can take its place. */
  readonly bare: boolean;
}

/**
 * The values of a member of a JSON text, every repetition of it. At the top level only, so that a member of the same name further down
 * stays what it is; in a text that is no JSON object, at every level, because nobody can say which level that is.
 * @param text one character per byte
 */
export function findInJson(text: string, field: string): FoundMember[] {
  const anywhere = !isJsonObject(parsed(text));
  const found: FoundMember[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (character !== '"') {
      at += 1;
      continue;
    }
    const [begin, end, next] = quotedAt(text, at);
    const colon = afterBlanks(text, next);
    at = next;
    if (text[colon] !== ':' || (depth !== 1 && !anywhere) || said(text.slice(begin, end)) !== field) continue;
    const member = valueAt(text, afterBlanks(text, colon + 1));
    found.push(member);
    at = member.bare ? member.end : member.end + 1;
  }
  return found;
}

/** The next place of `what`, or the end of the text. */
export function endOfText(text: string, what: string, from: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? text.length : at;
}

function valueAt(text: string, start: number): FoundMember {
  if (text[start] === '"') {
    const [begin, end] = quotedAt(text, start);
    return { start: begin, end, value: said(text.slice(begin, end)), bare: false };
  }
  const end = text[start] === '{' || text[start] === '[' ? endOfContainer(text, start) : endOfLiteral(text, start);
  return { start, end, value: text.slice(start, end), bare: true };
}

/** @returns where the text in quotes begins, where it ends, and what comes after it; without a closing quote it goes to the end */
function quotedAt(text: string, quote: number): [begin: number, end: number, next: number] {
  let at = quote + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  const end = Math.min(at, text.length);
  return [quote + 1, end, Math.min(end + 1, text.length)];
}

function endOfContainer(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const character = text[at];
    if (character === '"') {
      at = quotedAt(text, at)[2];
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return text.length;
}

function endOfLiteral(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s,}\]]/.test(text[at] as string)) at += 1;
  return at;
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}

/** What stands between two quotes, escapes undone; as it stands where that cannot be done. */
function said(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

function parsed(latin1: string): unknown {
  try {
    return JSON.parse(
      Buffer.from(latin1, 'latin1')
        .toString('utf8')
        .replace(/^\uFEFF/, ''),
    );
  } catch {
    return undefined;
  }
}
