import { isHeaderText } from '#platform';
import type { DestinationField } from '../../destination.port.js';
import { baseAddressProblem } from '../over-http/base-address.js';
import { addressProblem } from '../over-http/credential-fields.js';

const apiName = (value: string): string | undefined =>
  /^[A-Za-z][A-Za-z0-9_]{0,79}$/.test(value)
    ? undefined
    : 'must be the API name, of letters, digits and underscores, e.g. Lead or Leadgate_Id__c';

/** What a person configures for Salesforce. */
export const SALESFORCE_FIELDS: readonly DestinationField[] = [
  {
    path: 'url',
    required: true,
    label: 'My Domain',
    help: 'The address of the organisation, e.g. https://acme.my.salesforce.com.',
    secret: false,
    check: baseAddressProblem,
    isAddress: true,
  },
  {
    path: 'authentication.token_url',
    label: 'Token address',
    help: 'For kind oauth2_client_credentials: e.g. https://acme.my.salesforce.com/services/oauth2/token.',
    secret: false,
    check: addressProblem,
    isAddress: true,
  },
  { path: 'authentication.client_id', label: 'Consumer key', help: 'Of the external client app.', secret: false },
  {
    path: 'authentication.client_secret',
    label: 'Consumer secret',
    help: 'Of the external client app. Write a reference such as env:SALESFORCE_CLIENT_SECRET.',
    secret: true,
  },
  {
    path: 'authentication.token',
    label: 'Access token',
    help: 'For kind bearer, where something else renews it. Write a reference such as file:/run/secrets/salesforce-token.',
    secret: true,
    check: (value) => (isHeaderText(value) ? undefined : 'must be one line of Latin characters'),
  },
  {
    path: 'options.external_id_field',
    label: 'External id field',
    help: 'API name of a text field marked External ID and Unique, e.g. Leadgate_Id__c. It holds the id of the lead here.',
    secret: false,
    required: true,
    check: apiName,
  },
  { path: 'options.object', label: 'Object', help: 'API name of what a lead becomes; Lead unless told.', secret: false, check: apiName },
  {
    path: 'options.api_version',
    label: 'API version',
    help: 'From 52.0; 62.0 unless told. In quotes.',
    secret: false,
    check: (value) =>
      /^\d{2,3}\.0$/.test(value) && Number(value) >= 52 ? undefined : 'must be a version from 52.0, in quotes, e.g. "62.0"',
  },
  {
    path: 'options.instance',
    label: 'Instance',
    help: 'configured: calls go to url (unless told). from_token: they go where the answer of the token address says (instance_url).',
    secret: false,
    values: ['configured', 'from_token'],
  },
  {
    path: 'options.allow_save',
    label: 'Save in spite of an alert',
    help: 'true: a duplicate rule that only alerts lets the record be saved. false unless told.',
    secret: false,
    values: [true, false],
  },
  {
    path: 'options.run_as_current_user',
    label: 'Sharing rules of the user',
    help: 'true: duplicate rules see only what the integration user sees. false unless told.',
    secret: false,
    values: [true, false],
  },
  {
    path: 'options.duplicates',
    label: 'Duplicates',
    help: 'refused: a lead that a duplicate rule keeps out has failed (unless told). delivered: Salesforce has the person, and that is enough.',
    secret: false,
    values: ['refused', 'delivered'],
  },
];
