import { parseConfigText } from './parse-config-text.js';

describe('parseConfigText', () => {
  it.each([
    { description: 'YAML', text: 'a: yes\nb: [1, true]', kind: 'yaml' as const, parsed: { a: 'yes', b: [1, true] } },
    { description: 'a byte order mark in YAML', text: '\uFEFFa: 1', kind: 'yaml' as const, parsed: { a: 1 } },
    { description: 'a byte order mark in JSON', text: '\uFEFF{"a": 1}', kind: 'json' as const, parsed: { a: 1 } },
    { description: 'JSON indented with tabs', text: '{\n\t"a": [\n\t\t1\n\t]\n}', kind: 'json' as const, parsed: { a: [1] } },
    { description: 'an alias becomes a copy', text: 'a: &x {b: 1}\nc: *x', kind: 'yaml' as const, parsed: { a: { b: 1 }, c: { b: 1 } } },
  ])('reads $description', ({ text, kind, parsed }) => {
    expect(parseConfigText(text, kind)).toEqual({ parsed });
  });

  it.each([
    {
      description: 'doubled members, with their line',
      text: 'a: 1\nb: 2\na: 3',
      kind: 'yaml' as const,
      says: /is not valid YAML: Map keys must be unique at line 3/,
    },
    { description: 'a broken line', text: 'a: [1,\nb: 2', kind: 'yaml' as const, says: /is not valid YAML: .* at line/ },
    { description: 'broken JSON', text: '{"a": }}', kind: 'json' as const, says: /is not valid JSON: / },
    { description: 'a comment in JSON', text: '# hello\n{"a": 1}', kind: 'json' as const, says: /is not valid JSON: it has a comment/ },
    { description: 'an empty file', text: '\uFEFF\n', kind: 'yaml' as const, says: /^is empty$/ },
    { description: 'several documents', text: 'a: 1\n---\nb: 2', kind: 'yaml' as const, says: /multiple documents/ },
    {
      description: 'aliases that multiply',
      text: [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...'bcdefg'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdef'[index]}`).join(',')}]`),
      ].join('\n'),
      kind: 'yaml' as const,
      says: /cannot be read: .*alias/i,
    },
  ])('refuses $description', ({ text, kind, says }) => {
    const result = parseConfigText(text, kind);
    expect('problems' in result && result.problems[0]).toMatch(says);
  });
});
