import type { DestinationConfig } from '#core';
import { OutboundHttp } from '#platform';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';

const aConfig = (given: Partial<DestinationConfig> = {}): DestinationConfig => ({
  name: 'crm',
  kind: 'http',
  url: 'https://crm.example.com/leads',
  authentication: { kind: 'bearer', token: 'secret' },
  mapping: 'customer',
  answers: 'plain',
  effect: 'keyed',
  ...given,
});

describe('DestinationRegistry', () => {
  const http = new OutboundHttp({ userAgent: 'leadgate/test' });
  const registry = new DestinationRegistry(destinationKinds(http));
  afterAll(() => http.close());

  it('refuses two kinds with one name and says what to change', () => {
    const twice = [...destinationKinds(http), ...destinationKinds(http)];
    expect(() => new DestinationRegistry(twice)).toThrow(/Two destination kinds are called "http".*destination-kinds\.ts/s);
  });

  it('names the known kinds when it meets an unknown one', () => {
    expect(registry.problems(aConfig({ kind: 'fax' }))).toEqual([expect.stringMatching(/^kind: "fax" is not a kind.*known: http\b/)]);
  });

  it.each([
    { description: 'a usable one', given: {}, problems: [] },
    { description: 'no token', given: { authentication: { kind: 'none' as const } }, problems: [] },
    { description: 'a relative address', given: { url: '/leads' }, problems: [/^url: must be an absolute address/] },
    { description: 'another protocol', given: { url: 'ftp://crm.example.com' }, problems: [/^url: must be an absolute address/] },
    { description: 'a password in the address', given: { url: 'https://a:secret@crm.example.com' }, problems: [/^url: must not carry/] },
    {
      description: 'line breaks in the token',
      given: { authentication: { kind: 'bearer' as const, token: 'secret\nx: y' } },
      problems: [/^authentication\.token: must be one line/],
    },
    {
      description: 'everything wrong at once',
      given: { url: 'x', authentication: { kind: 'bearer' as const, token: 'secret\0' } },
      problems: [/^url/, /^authentication\.token/],
    },
  ])('$description', ({ given, problems }) => {
    const found = registry.problems(aConfig(given));
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, index) => expect(found[index]).toMatch(problem));
    expect(found.join()).not.toContain('secret');
  });

  it('describes every secret member as one', () => {
    for (const kind of destinationKinds(http)) {
      for (const { path, secret, label, help } of kind.fields) {
        expect(secret).toBe(/token|secret|password|key/.test(path));
        expect(label).not.toBe('');
        expect(help).toMatch(/\.$/);
      }
    }
  });
});
