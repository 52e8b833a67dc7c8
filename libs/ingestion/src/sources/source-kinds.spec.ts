import type { TenantConfig } from '#core';
import { aSource } from '../authentication/testing/a-source.js';
import { jsonSource } from './json/json.source.js';
import { SourceKinds } from './source-kinds.js';

const problemsOf = (...sources: object[]): string[] => new SourceKinds().problemsOf({ sources } as TenantConfig);

it('refuses to start with two kinds of one name', () => {
  expect(() => new SourceKinds([jsonSource, jsonSource])).toThrow('Two source kinds are called "json"');
});

it('names the known kinds where a configuration asks for another', () => {
  expect(problemsOf(aSource(), aSource({ kind: 'telepathy' }))).toEqual([
    expect.stringMatching(
      /^sources\[1\]\.kind: "telepathy" is not a kind of source; known kinds: json, form, guard, meta, google-ads, typeform/,
    ),
  ]);
});

it('says what a kind has no use for', () => {
  const fetch = { base_url: 'https://graph.example.com', access_token: 't' };
  expect(problemsOf(aSource({ field_names: { a: 'b' }, fetch, handshake_token: 't' }))).toEqual([
    'sources[0].field_names: has no use for the kind json; remove it',
    'sources[0].fetch: has no use for the kind json; remove it',
    'sources[0].handshake_token: has no use for the kind json; remove it',
  ]);
});

it('lets every kind speak about its own', () => {
  expect(problemsOf(aSource({ kind: 'google-ads' }))).toEqual([
    expect.stringMatching(/^sources\[0\]\.authentication\.kind: must be body_secret/),
  ]);
});
