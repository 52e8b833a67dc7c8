import { bodyKindOf, parametersOf, parseMediaType } from '../body/media-type.js';
import { beginsWithBrace } from '../body/read-body.js';
import { formText } from '../body/read-form.js';
import { endOfText, findInJson, type FoundMember } from './find-in-json.js';

/**
 * Finds a member of a body by its name without reading the body: in JSON at the top level, in a form by the field's name; where the body
 * is broken or of another type, wherever something looks like it. In the order of the body; never throws, in linear time.
 */
export function findMember(bytes: Buffer, contentType: string | null, field: string): FoundMember[] {
  // One character per byte, so that positions in the text are positions in the bytes.
  const text = bytes.toString('latin1');
  const media = parseMediaType(contentType ?? '');
  const kind = bodyKindOf(media.type);
  if (kind === 'json' || (kind !== 'multipart' && beginsWithBrace(bytes))) return findInJson(text, field);
  if (kind === 'form') return findInForm(text, field);
  if (kind === 'multipart' && media.boundary !== null) return findInMultipart(text, media.boundary, field);
  return [...findInJson(text, field), ...findInForm(text, field), ...findInMultipart(text, '', field)].sort((a, b) => a.start - b.start);
}

export const utf8Of = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

/** `field=value`; `field[]=value` and `field[a]=value` too, because they become members of it. */
function findInForm(text: string, field: string): FoundMember[] {
  const found: FoundMember[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOfText(text, '&', start);
    const equals = text.indexOf('=', start);
    if (equals >= 0 && equals < end) {
      const name = formText(utf8Of(text.slice(start, equals)));
      if (name === field || name?.startsWith(`${field}[`) === true) {
        const value = formText(utf8Of(text.slice(equals + 1, end))) ?? '';
        found.push({ start: equals + 1, end, value, bare: false });
      }
    }
    start = end + 1;
  }
  return found;
}

/** The content of each part whose Content-Disposition names the field. */
function findInMultipart(text: string, boundary: string, field: string): FoundMember[] {
  const found: FoundMember[] = [];
  let at = 0;
  while (at < text.length) {
    const lineEnd = endOfText(text, '\n', at);
    if (!isDispositionOf(text.slice(at, lineEnd), field)) {
      at = lineEnd + 1;
      continue;
    }
    const start = afterBlankLine(text, lineEnd);
    const delimiter = endOfText(text, `\n--${boundary}`, start - 1);
    const end = delimiter > start && text[delimiter - 1] === '\r' ? delimiter - 1 : Math.max(delimiter, start);
    found.push({ start, end, value: utf8Of(text.slice(start, end)), bare: false });
    at = end + 1;
  }
  return found;
}

function isDispositionOf(line: string, field: string): boolean {
  if (!/^\s{0,8}content-disposition\s{0,8}:/i.test(line)) return false;
  for (const [name, value] of parametersOf(line)) {
    if (name === 'name' && (utf8Of(value) === field || utf8Of(value).startsWith(`${field}[`))) return true;
  }
  return false;
}

/** Where a part's content begins: after the first empty line, which may end in \r. */
function afterBlankLine(text: string, from: number): number {
  const [crlf, lf] = ['\n\r\n', '\n\n'].map((blank) => endOfText(text, blank, from)) as [number, number];
  return Math.min(text.length, crlf < lf ? crlf + 3 : lf + 2);
}
