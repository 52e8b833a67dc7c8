import type { TenantConfig } from '#core';
import { jsonSource } from './json/json.source.js';
import { SourceKinds } from './source-kinds.js';

it('refuses to start with two kinds of one name', () => {
  expect(() => new SourceKinds([jsonSource, jsonSource])).toThrow('Two source kinds are called "json"');
});

it('names the known kinds where a configuration asks for another', () => {
  const config = { sources: [{ kind: 'json' }, { kind: 'telepathy' }] } as TenantConfig;
  expect(new SourceKinds().problemsOf(config)).toEqual(['sources[1].kind: "telepathy" is not a kind of source; known kinds: json']);
});
