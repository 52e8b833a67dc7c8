import { isHeaderText } from '#platform';
import type { DestinationField } from '../../destination.port.js';
import { baseAddressProblem } from '../over-http/base-address.js';

/** What a person configures for HubSpot. */
export const HUBSPOT_FIELDS: readonly DestinationField[] = [
  {
    path: 'url',
    required: true,
    label: 'API address',
    help: 'https://api.hubapi.com, or the address of a proxy in front of it.',
    secret: false,
    check: baseAddressProblem,
    isAddress: true,
  },
  {
    path: 'authentication.token',
    label: 'Access token',
    help: 'Of a private app with the scope crm.objects.contacts.write. Write a reference such as env:HUBSPOT_PRIVATE_APP_TOKEN.',
    secret: true,
    check: (value) => (isHeaderText(value) && value.trim() !== '' ? undefined : 'must be one line of Latin characters that is not empty'),
  },
  {
    path: 'options.portal_id',
    label: 'Account id',
    help: 'The number of the HubSpot account in quotes; with it, every delivery links to its contact.',
    secret: false,
    check: (value) => (/^\d{1,15}$/.test(value) ? undefined : 'must be the number of the account, e.g. "1234567"'),
  },
];
