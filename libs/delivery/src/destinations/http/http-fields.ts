import { isHeaderText } from '#platform';
import type { DestinationField } from '../../destination.port.js';

/** What a person configures for an HTTP destination beyond what every destination has. */
export const HTTP_FIELDS: readonly DestinationField[] = [
  {
    path: 'url',
    label: 'Address',
    help: 'Where leads are POSTed to, e.g. https://crm.example.com/leads. Redirects are not followed.',
    secret: false,
    check: addressProblem,
  },
  {
    path: 'authentication.token',
    label: 'Token',
    help: 'Sent as Authorization: Bearer <token>; a token that already begins with "Bearer " is sent as it is. Write a reference such as env:CUSTOMER_TOKEN.',
    secret: true,
    check: (value) =>
      isHeaderText(value) ? undefined : 'must be one line of Latin characters; a line break or NUL in it would begin another header',
  },
  {
    path: 'record_id_path',
    label: 'Record id',
    help: 'Dot path of the id in a JSON answer, e.g. id. It is kept with the delivery.',
    secret: false,
  },
];

function addressProblem(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return 'must be an absolute address that begins with http:// or https://';
  }
  if (url.username !== '' || url.password !== '') return 'must not carry a user or password; use authentication';
  return undefined;
}
