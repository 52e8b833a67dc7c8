import type { MappingConfig } from './mapping-config.js';
import { parseMappingFile, withMappingFile } from './mapping-file.js';

const AREA = { attribute_type: 'range', is_numeric: true, values: null };

describe('parseMappingFile', () => {
  it.each([
    ['JSON', '{"area": {"attribute_type": "range", "is_numeric": true, "values": null}}'],
    ['JSON behind a byte order mark', '\uFEFF{"area": {"attribute_type": "range", "is_numeric": true, "values": null}}'],
    ['YAML', 'area: { attribute_type: range, is_numeric: true, values: null }'],
  ])('reads rules from %s', (_description, text) => {
    expect(parseMappingFile(text)).toEqual({ attributes: { area: AREA } });
  });

  it('keeps words that older YAML took for booleans', () => {
    const file = parseMappingFile('owner: { attribute_type: dropdown, values: [Ja, No, yes, Off] }');
    expect(file).toMatchObject({ attributes: { owner: { values: ['Ja', 'No', 'yes', 'Off'] } } });
  });

  it('reads the older flat form, brackets included', () => {
    expect(
      parseMappingFile(`{
        "customer_email": "email",
        "customer_zip": "address.zip",
        "is_homeowner": "questions[Sind Sie Eigentümer der Immobilie?]"
      }`),
    ).toEqual({
      fields: [
        { target: 'customer_email', from: ['email'] },
        { target: 'customer_zip', from: ['address.zip'] },
        { target: 'is_homeowner', from: ['questions.Sind Sie Eigentümer der Immobilie?'] },
      ],
    });
  });

  it.each<[description: string, text: string, problems: string[]]>([
    ['no JSON', '{"a": ', ['Flow map']],
    ['a name that stands twice', '{"a": "x", "a": "y"}', ['Map keys must be unique']],
    ['a list', '[]', ['A mapping file holds either rules']],
    ['nothing', '', ['A mapping file holds either rules']],
    ['an empty object', '{}', ['A mapping file holds either rules']],
    [
      'both forms at once',
      '{"a": "x", "b": {"attribute_type": "text"}}',
      ['This one mixes the two', 'a: must be an object with attribute_type'],
    ],
    ['a flat field from nowhere', '{"a": ""}', ['a: must say where the value stands in the lead']],
    ['a flat target in a prototype', '{"__proto__": "x"}', ['__proto__: must be the name of a member']],
    [
      'everything that is wrong with the rules',
      '{"a": {"attribute_type": "rang"}, "b": {"attribute_type": "text", "values": [1]}, "c": {"attribute_type": "text", "typ": 1}, "d": 5}',
      [
        'a.attribute_type: must be one of: text, dropdown, range',
        'b.values: each entry must be text',
        'c.typ: is not known here',
        'd: must be an object with attribute_type',
      ],
    ],
  ])('names %s', (_description, text, problems) => {
    expect(parseMappingFile(text)).toEqual({ problems: problems.map((problem) => expect.stringContaining(problem) as string) });
  });

  it('refuses aliases that multiply without end', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih']) {
      lines.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(', ')}]`);
    }
    expect(parseMappingFile(lines.join('\n'))).toEqual({ problems: [expect.any(String)] });
  });
});

describe('withMappingFile', () => {
  const mapping = {
    name: 'm',
    fields: [{ target: 'a', fact: 'attributes' }],
    attributes: { labels: { area: 'How large?' } },
  } as MappingConfig;

  it('adds rules to the mapping', () => {
    const file = parseMappingFile('{"area": {"attribute_type": "range", "is_numeric": true, "values": null}}');
    if ('problems' in file) throw new Error('the file is in order');
    expect(withMappingFile(mapping, file)).toEqual({ ...mapping, attributes: { labels: { area: 'How large?' }, rules: { area: AREA } } });
  });

  it('takes the flat form for the whole mapping', () => {
    expect(withMappingFile(mapping, { fields: [{ target: 'zip', from: ['zip'] }] })).toEqual({
      name: 'm',
      fields: [{ target: 'zip', from: ['zip'] }],
    });
  });
});
