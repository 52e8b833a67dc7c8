import { readBody } from '../../body/read-body.js';
import { oneLead } from '../one-lead.js';
import type { SourceKind } from '../source-kind.js';

/** Any sender that posts one lead as an object of its own making. */
export const jsonSource: SourceKind = {
  kind: 'json',
  label: 'JSON or form',
  help: 'One lead a request: a JSON object, or the fields of a form (address[zip] becomes a member of address).',
  read: (request, onDuplicateKeys) => oneLead(readBody(request, onDuplicateKeys)),
};
