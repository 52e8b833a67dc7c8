import type { DestinationConfig, SourceConfig } from '#core';
import { OutboundHttp } from '#platform';
import { DestinationRegistry } from './destination-registry.js';
import type { FetchingSource } from './destination.port.js';
import { destinationKinds } from './destinations/destination-kinds.js';
import { fetchers } from './destinations/fetchers.js';

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
    ...(
      [
        ['is no name', 'X Api Key', /^authentication\.header: must be the name of a header/],
        ['would begin another', 'X-Key\r\nX-Evil', /^authentication\.header: must be the name of a header/],
        ['frames the message', 'Content-Length', /^authentication\.header: is a header that the gateway or HTTP itself writes/],
        ['is for one hop', 'Transfer-Encoding', /^authentication\.header: is a header/],
        ['names the host', 'host', /^authentication\.header: is a header/],
        ['is the key of the delivery', 'Idempotency-Key', /^authentication\.header: is a header/],
        ['is that of a signature', 'webhook-signature', /^authentication\.header: is a header/],
      ] as const
    ).map(([why, header, problem]) => ({
      description: `a header for the key that ${why}`,
      given: { authentication: { kind: 'api_key' as const, header, key: 'secret-1' } },
      problems: [problem],
    })),
    {
      description: 'line breaks in the API key',
      given: { authentication: { kind: 'api_key' as const, header: 'X-Api-Key', key: 'secret\r\nx: y' } },
      problems: [/^authentication\.key: must be one line/],
    },
    {
      description: 'a token address that is none',
      given: {
        authentication: { kind: 'oauth2_client_credentials' as const, token_url: 'login', client_id: 'c', client_secret: 'secret' },
      },
      problems: [/^authentication\.token_url: must be an absolute address/],
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

  const aHubSpot = (given: Partial<DestinationConfig> = {}): DestinationConfig =>
    aConfig({ kind: 'hubspot', url: 'https://api.hubapi.com', answers: 'standard', effect: 'upsert', ...given });

  it.each<{ description: string; config: DestinationConfig; problems: RegExp[] }>([
    { description: 'nothing that is there for nothing', config: aHubSpot({ options: { portal_id: '1234567' } }), problems: [] },
    {
      description: 'an answer rule that nobody asks',
      config: aHubSpot({ success: [{ status: '2xx' }], record_id_path: 'id' }),
      problems: [/^success: has no use for the kind hubspot; remove it, or use one of: timeout_seconds$/, /^record_id_path: has no use/],
    },
    { description: 'a body of another kind', config: aHubSpot({ body: 'xml' }), problems: [/^body: has no use for the kind hubspot/] },
    {
      description: 'a way to log in that is not tried',
      config: aHubSpot({ authentication: { kind: 'basic', username: 'u', password: 'secret' } }),
      problems: [/^authentication\.kind: must be bearer for the kind hubspot \(HubSpot\)$/],
    },
    {
      description: 'another style of answers, another effect',
      config: aHubSpot({ answers: 'plain', effect: 'blind' }),
      problems: [/^answers: must be standard/, /^effect: must be upsert/],
    },
    {
      description: 'an option that nobody knows',
      config: aHubSpot({ options: { portal: '1' } }),
      problems: [/^options\.portal: is not known to the kind hubspot; it takes: portal_id$/],
    },
    {
      description: 'an option of the wrong type',
      config: aHubSpot({ options: { portal_id: 1234567 } }),
      problems: [/^options\.portal_id: must be text; put it in quotes$/],
    },
    {
      description: 'a breaker that is off and on',
      config: aConfig({ breaker: { off: true, failures: 3, probe_multiple: 2 } }),
      problems: [/^breaker\.off: with true there is no breaker, so failures and probe_multiple would mean nothing/],
    },
    { description: 'a breaker that is off', config: aConfig({ breaker: { off: true } }), problems: [] },
    { description: 'a breaker that is not off', config: aConfig({ breaker: { off: false, failures: 3 } }), problems: [] },
    {
      description: 'an option where there are none',
      config: aConfig({ options: { folder: '/' } }),
      problems: [/^options\.folder: is not known to the kind http; it takes no options$/],
    },
  ])('holds a configuration against what its kind takes: $description', ({ config, problems }) => {
    const found = registry.problems(config);
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, index) => expect(found[index]).toMatch(problem));
    expect(found.join()).not.toContain('secret');
  });

  it('says how many calls a kind wants under way, and where its records are looked at', () => {
    expect(registry.concurrencyOf({ kind: 'hubspot' })).toBe(200);
    expect(registry.concurrencyOf({ kind: 'http' })).toBeUndefined();
    const withPortal = aHubSpot({ options: { portal_id: '77' } });
    expect(registry.recordUrlOf(withPortal)).toBe('https://app.hubspot.com/contacts/77/record/0-1/{record_id}');
    expect(registry.recordUrlOf({ ...withPortal, record_url: 'https://crm.example.com/{record_id}' })).toBe(
      'https://crm.example.com/{record_id}',
    );
    expect(registry.recordUrlOf(aHubSpot())).toBeUndefined();
  });

  it('describes every secret member as one', () => {
    for (const kind of [...destinationKinds(http), ...fetchers(http)]) {
      for (const { path, secret, label, help } of kind.fields) {
        expect(secret).toBe(/(?:token|secret|password|key)$/.test(path));
        expect(label).not.toBe('');
        expect(help).toMatch(/\.$/);
      }
    }
  });
});

describe('the fetchers of the registry', () => {
  const http = new OutboundHttp({ userAgent: 'leadgate/test' });
  const registry = new DestinationRegistry(destinationKinds(http), fetchers(http));
  const aSource = (kind: string, accessToken: string): FetchingSource =>
    ({
      name: 'facebook',
      kind,
      fetch: { base_url: 'https://graph.facebook.com/v21.0', access_token: accessToken },
    }) as SourceConfig as FetchingSource;
  afterAll(() => http.close());

  it('refuses two for one kind of source and says what to change', () => {
    expect(() => new DestinationRegistry([], [...fetchers(http), ...fetchers(http)])).toThrow(/Two fetchers.*"meta".*fetchers\.ts/s);
  });

  it('are no destinations', () => {
    expect(registry.problems(aConfig({ kind: 'meta' }))).toEqual([expect.stringMatching(/^kind: "meta" is not a kind of destination/)]);
  });

  it.each([
    { description: 'a usable one', source: aSource('meta', 'secret'), problems: [] },
    { description: 'a token of two lines', source: aSource('meta', 'secret\nx: y'), problems: [/^fetch\.access_token: must be one line/] },
    { description: 'an empty token', source: aSource('meta', ''), problems: [/^fetch\.access_token: must be one line/] },
    { description: 'a kind that nobody fetches for', source: aSource('json', 'secret'), problems: [/^fetch: nothing fetches .*"json"/] },
  ])('$description', ({ source, problems }) => {
    const found = registry.fetchProblems(source);
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, index) => expect(found[index]).toMatch(problem));
    expect(found.join()).not.toContain('secret');
  });
});
