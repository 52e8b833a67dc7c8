import type { DestinationField } from '../../destination.port.js';
import { addressProblem, CREDENTIAL_FIELDS } from '../over-http/credential-fields.js';

/** What a person configures for an HTTP destination beyond what every destination has. */
export const HTTP_FIELDS: readonly DestinationField[] = [
  {
    path: 'url',
    required: true,
    label: 'Address',
    help: 'Where leads are POSTed to, e.g. https://crm.example.com/leads. Redirects are not followed.',
    secret: false,
    check: addressProblem,
    isAddress: true,
  },
  ...CREDENTIAL_FIELDS,
  { path: 'body', label: 'Body', help: 'json unless told, form or xml.', secret: false },
  { path: 'xml_root', label: 'Outermost element', help: 'For body xml: its name, lead unless told.', secret: false },
  {
    path: 'record_id_path',
    label: 'Record id',
    help: 'Dot path of the id in a JSON answer, e.g. id. It is kept with the delivery; an empty answer where one is expected is no success.',
    secret: false,
  },
  {
    path: 'record_url',
    label: 'Link to the record',
    help: 'Where a person looks at it, e.g. https://crm.example.com/leads/{record_id}.',
    secret: false,
  },
];
