import { digitsOf, type JsonValue, type MappingConfig, readPath } from '#core';
import { objectIn } from '../in-batches/read-json.js';
import type { FileFormat } from './file-fields.js';

/** The first member or column of every row: whoever collects files twice can tell rows apart by it, and so can we. */
export const KEY_MEMBER = '_delivery_key';

/** How rows are written, and what two files must have in common to be one. */
export interface RowForm {
  readonly format: FileFormat;
  /** For csv: dot paths of the payload, in the order of the mapping. */
  readonly columns: readonly string[];
  readonly neutralises: boolean;
}

/** A column for each target of the mapping; the attributes, whose names the rules say, have one each. */
export function columnsOf({ fields, attributes }: MappingConfig): string[] {
  const names = Object.keys(attributes?.rules ?? {}).sort();
  const columns = fields.flatMap(({ target, fact }) => (fact === 'attributes' ? names.map((name) => `${target}.${name}`) : [target]));
  return [...new Set(columns)];
}

/** What a new file begins with. */
export function headOf({ format, columns }: RowForm): string {
  return format === 'csv' ? `${[KEY_MEMBER, ...columns].map((name) => quoted(name)).join(',')}\r\n` : '';
}

/** One row with the end of its line. @param payload the JSON object the mapping made @returns null when it is none */
export function rowOf(form: RowForm, key: string, payload: string): string | null {
  const object = objectIn({ payload });
  if (object === null) return null;
  if (form.format === 'ndjson') {
    const { [KEY_MEMBER]: _theirs, ...members } = object;
    return `${JSON.stringify({ [KEY_MEMBER]: key, ...members })}\n`;
  }
  return `${[key, ...form.columns.map((path) => cellOf(readPath(object, path), form.neutralises))].join(',')}\r\n`;
}

/** RFC 4180. A text that a spreadsheet would take for a formula gets a ' before it, which spreadsheets do not show. */
function cellOf(value: JsonValue | undefined, neutralises: boolean): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') return quoted(typeof value === 'number' ? digitsOf(value) : JSON.stringify(value));
  return quoted(neutralises && /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value);
}

function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
