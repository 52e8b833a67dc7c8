import type { DestinationConfig } from '#core';
import { recordUrlTemplateOf } from './record-url-template.js';

const destination = (given: object): DestinationConfig => ({ name: 'crm', ...given }) as DestinationConfig;

describe('the link to a record', () => {
  it.each([
    ['of HubSpot', { kind: 'hubspot', options: { portal_id: '77' } }, 'https://app.hubspot.com/contacts/77/record/0-1/{record_id}'],
    ['of HubSpot without an account', { kind: 'hubspot' }, undefined],
    ['of Salesforce', { kind: 'salesforce', url: 'https://acme.my.salesforce.com/' }, 'https://acme.my.salesforce.com/{record_id}'],
    [
      'of an instance known later',
      { kind: 'salesforce', url: 'https://login.salesforce.com', options: { instance: 'from_token' } },
      undefined,
    ],
    ['of a kind that knows none', { kind: 'http', url: 'https://crm.example.com' }, undefined],
    [
      'that is configured',
      { kind: 'hubspot', options: { portal_id: '77' }, record_url: 'https://x.de/{record_id}' },
      'https://x.de/{record_id}',
    ],
    ['of no kind', { kind: 'fax' }, undefined],
  ])('%s', (_description, given, template) => {
    expect(recordUrlTemplateOf(destination(given))).toBe(template);
  });
});
