import { isUtf8 } from 'node:buffer';
import { REASON_CODES } from '#core';
import { FormFields } from './form-fields.js';
import { countMembers, prototypeKey, type OnDuplicateKeys, type ReadBody } from './read-json.js';
import { refuse, type Refusal } from './refusal.js';
import { storableCopy } from './storable-copy.js';

/** `a=1&address[zip]=66123`, percent-encoded UTF-8. A percent sign that encodes nothing stands for itself, as browsers read it. */
export function readUrlencoded(text: string, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal {
  const fields = new FormFields();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = formText(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : formText(pair.slice(equals + 1));
    if (name === undefined || value === undefined) {
      return refuse('invalid_utf8', 'A form field is not valid UTF-8 once its percent-encoding is undone.');
    }
    const refusal = fields.add(name, value);
    if (refusal !== undefined) return refusal;
  }
  return formBody(fields, onDuplicateKeys);
}

/** The shared end of both kinds of forms. */
export function formBody(fields: FormFields, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal {
  if (countMembers(fields.payload) < 0) return prototypeKey();
  if (fields.duplicates && onDuplicateKeys === 'refuse')
    return refuse('duplicate_keys', 'A form field is sent twice; send every field once.');
  const flags: string[] = fields.duplicates ? [REASON_CODES.duplicateKeys] : [];
  const payload = storableCopy(fields.payload);
  if (payload !== fields.payload) flags.push(REASON_CODES.charactersReplaced);
  return { payload, verbatim: false, format: 'form', flags };
}

/** A name or value of a form, its percent-encoding undone. undefined: not UTF-8. */
export function formText(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    const bytes = Buffer.from(
      spaced.replace(/[^%]+|%(?![0-9a-f]{2})|%([0-9a-f]{2})/gi, (match, hex: string | undefined) =>
        hex === undefined ? Buffer.from(match).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
      ),
      'latin1',
    );
    return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  }
}
