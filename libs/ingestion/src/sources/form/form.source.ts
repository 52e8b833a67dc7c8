import { bodyKindOf, parseMediaType } from '../../body/media-type.js';
import { beginsWithBrace, readBody } from '../../body/read-body.js';
import { refuse } from '../../body/refusal.js';
import { oneLead } from '../one-lead.js';
import type { SourceKind } from '../source-kind.js';

/** The forms of web pages, as browsers send them. */
export const formSource: SourceKind = {
  kind: 'form',
  label: 'HTML form',
  help: 'One lead a request: the fields of a form, urlencoded or multipart (address[zip] becomes a member of address). Uploaded files are no part of the lead.',
  read: (request, onDuplicateKeys) => {
    const kind = bodyKindOf(parseMediaType(request.contentType ?? '').type);
    if (kind === 'json' || (kind !== 'multipart' && beginsWithBrace(request.bytes))) {
      return refuse(
        'unsupported_media_type',
        'This source takes HTML forms, not JSON. Send application/x-www-form-urlencoded or multipart/form-data, or configure the source with kind: json.',
      );
    }
    return oneLead(readBody(request, onDuplicateKeys));
  },
};
