import { isHeaderText } from '#platform';
import type { DestinationField } from '../../destination.port.js';

const headerText = (value: string): string | undefined =>
  isHeaderText(value) ? undefined : 'must be one line of Latin characters; a line break or NUL in it would begin another header';

/** What a person configures so that a destination knows who calls. */
export const CREDENTIAL_FIELDS: readonly DestinationField[] = [
  {
    path: 'authentication.token',
    label: 'Token',
    help: 'Sent as Authorization: Bearer <token>; a token that already begins with "Bearer " is sent as it is. Write a reference such as env:CUSTOMER_TOKEN.',
    secret: true,
    check: headerText,
  },
  { path: 'authentication.username', label: 'User name', help: 'For kind basic; without a colon.', secret: false },
  { path: 'authentication.password', label: 'Password', help: 'For kind basic. Write a reference such as env:CRM_PASSWORD.', secret: true },
  {
    path: 'authentication.header',
    label: 'Header of the key',
    help: 'For kind api_key: the header that carries the key, e.g. X-Api-Key.',
    secret: false,
    check: headerNameProblem,
  },
  {
    path: 'authentication.key',
    label: 'API key',
    help: 'For kind api_key. Write a reference such as env:CRM_API_KEY.',
    secret: true,
    check: headerText,
  },
  {
    path: 'authentication.token_url',
    label: 'Token address',
    help: 'For kind oauth2_client_credentials: where tokens are asked for. Redirects are not followed.',
    secret: false,
    check: addressProblem,
    isAddress: true,
  },
  { path: 'authentication.client_id', label: 'Client id', help: 'For kind oauth2_client_credentials.', secret: false },
  {
    path: 'authentication.client_secret',
    label: 'Client secret',
    help: 'For kind oauth2_client_credentials. Write a reference such as env:CRM_CLIENT_SECRET.',
    secret: true,
  },
  { path: 'authentication.scope', label: 'Scope', help: 'For kind oauth2_client_credentials: blanks between several.', secret: false },
  {
    path: 'authentication.audience',
    label: 'Audience',
    help: 'For kind oauth2_client_credentials, where the other side asks for it.',
    secret: false,
  },
  {
    path: 'authentication.client_in',
    label: 'Place of id and secret',
    help: 'For kind oauth2_client_credentials: header unless told, or body.',
    secret: false,
  },
  {
    path: 'authentication.secret',
    label: 'Signing secret',
    help: 'For kind standard_webhooks: whsec_ and base64, or plain text. Write a reference such as env:CRM_WEBHOOK_SECRET.',
    secret: true,
  },
  {
    path: 'authentication.previous_secret',
    label: 'Signing secret before',
    help: 'For kind standard_webhooks: while it is here, both sign. Write a reference.',
    secret: true,
  },
];

/** Headers that say how the message is framed, or that the gateway writes itself. */
const RESERVED =
  /^(?:host|connection|keep-alive|content-.*|transfer-encoding|te|trailer|upgrade|expect|proxy-.*|http2-settings|user-agent|accept-encoding|cookie|idempotency-key|x-attempt|traceparent|tracestate|webhook-.*)$/i;

function headerNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) return 'must be the name of a header, e.g. X-Api-Key';
  return RESERVED.test(name) ? 'is a header that the gateway or HTTP itself writes; the key needs another, e.g. X-Api-Key' : undefined;
}

/** What keeps an address from being called; undefined: nothing. */
export function addressProblem(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return 'must be an absolute address that begins with http:// or https://';
  }
  if (url.username !== '' || url.password !== '') return 'must not carry a user or password; use authentication';
  return undefined;
}
