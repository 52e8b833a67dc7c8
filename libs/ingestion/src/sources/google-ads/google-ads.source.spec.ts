import type { SourceConfig } from '#core';
import { aSource } from '../../authentication/testing/a-source.js';
import { googleAdsSource } from './google-ads.source.js';

const source = (changes: Partial<SourceConfig> = {}): SourceConfig =>
  aSource({
    kind: 'google-ads',
    answers: 'acknowledge',
    authentication: { kind: 'body_secret', field: 'google_key', secret: 'secret key' },
    ...changes,
  });
const read = (body: string, from = source()): unknown =>
  googleAdsSource.read({ bytes: Buffer.from(body), contentType: 'application/json', contentEncoding: null, source: from }, 'refuse');
const withColumns = (...columns: object[]): string => JSON.stringify({ lead_id: 'L1', user_column_data: columns });

/** The members of Google's description of a lead, with 64-bit ids as JSON writes them. */
const DOCUMENTED = `{
  "lead_id": "TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijklmnopqrstuvwxyz-0123456789-AaBbCcDdEeFfGgHhIiJjKkLl",
  "user_column_data": [
    {"column_name": "Full Name", "string_value": "FirstName LastName", "column_id": "FULL_NAME"},
    {"column_name": "User Email", "string_value": "test@example.com", "column_id": "EMAIL"},
    {"column_name": "User Phone", "string_value": "1-555-555-5555", "column_id": "PHONE_NUMBER"},
    {"column_name": "Postal Code", "string_value": "94043", "column_id": "POSTAL_CODE"},
    {"column_name": "What is your preferred dealership?", "string_value": "Downtown"}
  ],
  "api_version": "1.0",
  "form_id": 9007199254740993,
  "campaign_id": 123456789012345678,
  "google_key": "***********",
  "is_test": true,
  "gcl_id": "TeSter-123",
  "adgroup_id": 20000000000,
  "creative_id": 30000000000
}`;

describe('a lead', () => {
  it('is the columns by name and what Google says about them, without the key, ids exact', () => {
    expect(read(DOCUMENTED)).toMatchObject({
      items: [
        {
          nativeId: 'TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ-abcdefghijklmnopqrstuvwxyz-0123456789-AaBbCcDdEeFfGgHhIiJjKkLl',
          verbatim: false,
          flags: ['TEST_LEAD'],
          payload: {
            full_name: 'FirstName LastName',
            email: 'test@example.com',
            phone: '1-555-555-5555',
            postal_code: '94043',
            questions: { 'What is your preferred dealership?': 'Downtown' },
            form_id: '9007199254740993',
            campaign_id: '123456789012345678',
            adgroup_id: '20000000000',
            creative_id: '30000000000',
            gcl_id: 'TeSter-123',
            is_test: true,
            api_version: '1.0',
          },
        },
      ],
      fingerprint: { format: 'json' },
    });
    expect(JSON.stringify(read(DOCUMENTED))).not.toMatch(/google_key|\*\*/);
  });

  it('is no test unless Google says so', () => {
    expect(read('{"lead_id":"1","is_test":false}')).toMatchObject({ items: [{ flags: [] }] });
    expect(read('{"lead_id":1}')).toMatchObject({ items: [{ nativeId: '1', flags: [] }] });
  });

  it('has the names its source gives, by id or by label, down any path', () => {
    const body = withColumns(
      { column_id: 'POSTAL_CODE', string_value: '66123' },
      { column_name: 'Do you own it?', string_value: 'yes' },
      { column_id: 'EMAIL', string_value: 'a@b.de' },
    );
    const field_names = { POSTAL_CODE: 'address.zip', 'Do you own it?': 'house.is_owner' };
    expect(read(body, source({ field_names }))).toMatchObject({
      items: [{ payload: { lead_id: 'L1', address: { zip: '66123' }, house: { is_owner: 'yes' }, email: 'a@b.de' } }],
    });
  });

  it('does not let a column take the place of what Google says', () => {
    const body = withColumns({ column_id: 'LEAD_ID', column_name: 'Lead', string_value: 'mine' }, { column_id: '??', string_value: 'x' });
    expect(read(body)).toMatchObject({ items: [{ nativeId: 'L1', payload: { lead_id: 'L1', questions: { Lead: 'mine', '??': 'x' } } }] });
  });

  it('keeps the last of repeated columns and says so', () => {
    const body = withColumns({ column_id: 'EMAIL', string_value: 'a@b.de' }, { column_id: 'EMAIL', string_value: 'c@d.de' });
    expect(read(body)).toMatchObject({ items: [{ payload: { email: 'c@d.de' }, flags: ['DUPLICATE_KEYS'] }] });
  });

  it('passes over columns that say nothing', () => {
    expect(read('{"lead_id":"L1","user_column_data":[null,1,{},{"column_id":"EMAIL"},{"string_value":"x"}]}')).toMatchObject({
      items: [{ payload: { lead_id: 'L1' } }],
    });
  });

  it.each([
    ['{"user_column_data":[]}', 'unexpected_shape'],
    ['{"lead_id":"","user_column_data":[]}', 'unexpected_shape'],
    ['{"lead_id":"1","user_column_data":{}}', 'unexpected_shape'],
    ['{"lead_id":"1","lead_id":"2"}', 'duplicate_keys'],
    ['{"lead_id":"1"', 'malformed_json'],
  ])('is not %s: %s', (body, verdict) => {
    expect(read(body)).toMatchObject({ verdict });
  });

  it('reaches no prototype by the name of a question', () => {
    const body = withColumns({ column_name: '__proto__', string_value: 'x' });
    expect(read(body)).toMatchObject({ verdict: 'prototype_key' });
  });
});

it('a configuration needs the key in google_key', () => {
  expect(googleAdsSource.problems?.(source())).toEqual([]);
  expect(googleAdsSource.problems?.(source({ authentication: { kind: 'none' } }))).toEqual([
    expect.stringMatching(/^authentication\.kind: must be body_secret/),
  ]);
  expect(googleAdsSource.problems?.(source({ authentication: { kind: 'body_secret', field: 'key', secret: 's' } }))).toEqual([
    expect.stringMatching(/^authentication\.field: must be google_key/),
  ]);
});
