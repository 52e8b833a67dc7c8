import { isUtf8 } from 'node:buffer';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { FormFields } from './form-fields.js';
import { formBody } from './read-form.js';
import type { OnDuplicateKeys, ReadBody } from './read-json.js';
import { refuse, type Refusal } from './refusal.js';

const MALFORMED = refuse(
  'malformed_form',
  'The multipart body does not follow its boundary or breaks off. Send it as multipart/form-data.',
);

/**
 * The fields of a multipart form. Uploaded files are no part of a lead: they are passed over here and stay in the stored bytes.
 * Every part is taken as a stream of bytes, because the parser's own text decoding would hide invalid UTF-8.
 */
export function readMultipart(bytes: Buffer, contentType: string, onDuplicateKeys: OnDuplicateKeys): Promise<ReadBody | Refusal> {
  return new Promise((resolve) => {
    const fields = new FormFields();
    let refusal: Refusal | undefined;
    let parser: BusboyInstance;
    try {
      const headers: BusboyHeaders = { 'content-type': contentType };
      parser = new Busboy({ headers, isPartAFile: () => true });
    } catch {
      resolve(MALFORMED);
      return;
    }
    parser.on('file', (name: string | undefined, part, filename: string | undefined) => {
      if (name === undefined || filename !== undefined) {
        part.resume();
        return;
      }
      const chunks: Buffer[] = [];
      part.on('data', (chunk: Buffer) => chunks.push(chunk));
      part.on('error', () => resolve(MALFORMED));
      part.on('end', () => {
        const value = Buffer.concat(chunks);
        refusal ??= isUtf8(value)
          ? fields.add(name, value.toString('utf8'))
          : refuse('invalid_utf8', 'A form field is not valid UTF-8. Send the form encoded as UTF-8.');
      });
    });
    parser.on('error', () => resolve(MALFORMED));
    parser.on('finish', () => resolve(refusal ?? formBody(fields, onDuplicateKeys)));
    parser.end(bytes);
  });
}
