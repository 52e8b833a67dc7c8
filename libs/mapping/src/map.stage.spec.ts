import type { DestinationConfig, JsonObject, LeadFacts, LeadId, MappedFacts, MappingConfig, Outcome, TenantConfig } from '#core';
import { mapStage } from './map.stage.js';

const mappings: MappingConfig[] = [
  { name: 'by-phone', fields: [{ target: 'lead.phone', from: ['phone'], required_as: 'phone' }] },
  { name: 'by-email', fields: [{ target: 'lead.email', from: ['email'], required_as: 'email' }] },
];
const destination = (name: string, mapping: string, given: Partial<DestinationConfig> = {}) =>
  ({ name, mapping, ...given }) as DestinationConfig;
const PHONE = destination('phone-crm', 'by-phone');
const EMAIL = destination('email-crm', 'by-email', { body: 'form' });

function map(config: Partial<TenantConfig>, normalised: JsonObject): Outcome<MappedFacts> {
  const lead = { id: 'lead-1' as LeadId, receivedAt: new Date(0) } as LeadFacts['lead'];
  return mapStage().run({ lead, config: { tenant: 'demo', mappings, ...config } as TenantConfig, normalised }) as Outcome<MappedFacts>;
}

describe('the map stage', () => {
  it('writes for each destination what it takes', () => {
    expect(map({ destinations: [PHONE, EMAIL] }, { phone: '1', email: 'a@b' })).toMatchObject({
      kind: 'continue',
      adds: {
        plannedDeliveries: [
          { destinationId: 'demo/phone-crm', contentType: 'application/json', payload: '{"lead":{"phone":"1"}}' },
          { destinationId: 'demo/email-crm', contentType: 'application/x-www-form-urlencoded', payload: 'lead%5Bemail%5D=a%40b' },
        ],
      },
      notes: [],
    });
  });

  it('fails the one destination that cannot have the lead and serves the other', () => {
    expect(map({ destinations: [PHONE, EMAIL] }, { phone: '1' })).toEqual({
      kind: 'continue',
      adds: {
        crmColumns: null,
        plannedDeliveries: [
          expect.objectContaining({ destinationId: 'demo/phone-crm', payload: '{"lead":{"phone":"1"}}' }),
          {
            destinationId: 'demo/email-crm',
            contentType: 'application/x-www-form-urlencoded',
            payload: '',
            omitted: [],
            failure: 'Missing required field: email',
          },
        ],
      },
      notes: [{ code: 'MISSING_TARGET_FIELD', detail: 'email-crm: Missing required field: email' }],
    });
  });

  it.each([[[PHONE]], [[PHONE, EMAIL]]])('fails the lead that no destination can have', (destinations) => {
    expect(map({ destinations }, {})).toEqual({
      kind: 'fail',
      reason: { code: 'MISSING_TARGET_FIELD', detail: 'Missing required field: phone' },
    });
  });

  it('asks only the destinations a lead is routed to', () => {
    const routes = [{ name: 'calls', when: [{ field: ['phone'], check: 'present' as const }], to: ['phone-crm'] }];
    expect(map({ destinations: [PHONE, EMAIL], routes }, { phone: '1' })).toMatchObject({
      adds: { plannedDeliveries: [{ destinationId: 'demo/phone-crm' }] },
      notes: [{ code: 'ROUTED', detail: 'calls: to phone-crm' }],
    });
    expect(map({ destinations: [PHONE, EMAIL], routes }, { email: 'a@b' })).toMatchObject({
      kind: 'continue',
      adds: { plannedDeliveries: [] },
      notes: [{ code: 'NO_ROUTE', detail: 'no route takes it: the lead is kept here' }],
    });
  });

  it('keeps what nobody is to have', () => {
    expect(map({ destinations: [] }, {})).toMatchObject({ adds: { plannedDeliveries: [] }, notes: [{ code: 'NO_DESTINATION' }] });
  });

  it('tells which characters XML could not carry', () => {
    const xml = destination('xml-crm', 'by-phone', { body: 'xml', xml_root: 'Lead' });
    expect(map({ destinations: [xml] }, { phone: '1\u0001' })).toMatchObject({
      adds: {
        plannedDeliveries: [
          {
            payload: '<?xml version="1.0" encoding="UTF-8"?>\n<Lead><lead><phone>1\ufffd</phone></lead></Lead>',
            omitted: [{ code: 'CHARACTERS_REPLACED' }],
          },
        ],
      },
      notes: [{ code: 'CHARACTERS_REPLACED', detail: 'body had characters that XML cannot carry' }],
    });
  });
});
