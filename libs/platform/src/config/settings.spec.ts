import { readFileSync } from 'node:fs';
import { SETTING_KEYS } from './all-setting-keys.js';
import { renderEnvExample } from './env-example.js';
import { settingWarnings } from './setting-warnings.js';
import { InvalidSettings, readSettings } from './settings.js';

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    if (error instanceof InvalidSettings) return error.problems;
    throw error;
  }
};

describe('readSettings', () => {
  it('holds the presets when nothing is set', () => {
    expect(readSettings({}, '/srv/leadgate')).toEqual({
      roles: ['api', 'pipeline', 'delivery', 'relay'],
      http: { host: '127.0.0.1', port: 3000, maxBodyBytes: 1_048_576, rateLimitPerMinute: 100, drainSeconds: 0, trustedProxies: [] },
      database: { url: undefined, migrateUrl: undefined, pools: { accept: 4, work: 8, relay: 4, claims: 3 } },
      redis: { url: undefined },
      files: {
        dataDir: '/srv/leadgate/.leadgate',
        config: '/srv/leadgate/config',
        drop: { root: '/srv/leadgate/.leadgate/drop', makesRoot: true },
      },
      keys: {
        from: 'file',
        document: undefined,
        pollSeconds: 5,
        vault: { address: undefined, path: undefined, token: undefined, tokenFile: undefined, namespace: undefined },
        aws: {
          secretId: undefined,
          region: undefined,
          accessKeyId: undefined,
          secretAccessKey: undefined,
          sessionToken: undefined,
          endpoint: undefined,
        },
      },
      adminKey: undefined,
      dedup: { accelerators: [], cacheUrl: undefined },
      standstillSeconds: 60,
      log: { level: 'info' },
      concurrency: { pipeline: 16, delivery: 64 },
      delivery: { retryBaseSeconds: 30 },
      outbound: { allowed: [{ host: '127.0.0.1', port: 3900 }] },
      quarantine: { days: 7, bytesPerDay: 1_073_741_824 },
      telemetry: { collector: undefined, queueCapacity: 10_000, heartbeatSeconds: 60 },
      operators: { webhook: { url: undefined, secrets: [] }, eventsPerMinute: 30, stuckSeconds: 300 },
      replay: { perSecond: 50 },
      failpoints: [],
      demo: { enabled: true, crmPort: 3900 },
    });
  });

  it('reads what is set', () => {
    const settings = readSettings({
      PORT: '0',
      DATABASE_URL: 'postgresql://app:pw@db:5432/leadgate?schema=gate&connection_limit=5',
      LEADGATE_ROLES: 'delivery, api,api',
      LEADGATE_RETRY_BASE_SECONDS: '0.05',
      LEADGATE_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      LEADGATE_DATA_DIR: '/var/lib/leadgate',
      LEADGATE_DEMO: 'off',
      LEADGATE_STATSD: '[::1]:8125',
    });
    expect(settings.http).toMatchObject({ port: 0, trustedProxies: ['10.0.0.0/8', '::1'] });
    expect(settings.roles).toEqual(['api', 'delivery']);
    expect(settings.delivery.retryBaseSeconds).toBe(0.05);
    expect(settings.files.dataDir).toBe('/var/lib/leadgate');
    expect(settings.demo.enabled).toBe(false);
    expect(settings.telemetry.collector).toEqual({ host: '::1', port: 8125 });
  });

  it('lets leads go to private addresses that it names, to the demo CRM where there is one, and to CUSTOMER_API_URL', () => {
    const allowed = (env: Record<string, string>): unknown => readSettings({ LEADGATE_DEMO: 'off', ...env }).outbound.allowed;
    expect(allowed({})).toEqual([]);
    expect(allowed({ LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '10.0.0.5, 10.1.0.0/16:8443,fd12::1 ,[FD12::/16]:443, crm.intern:80' })).toEqual([
      { range: '10.0.0.5/32' },
      { range: '10.1.0.0/16', port: 8443 },
      { range: 'fd12::1/128' },
      { range: 'fd12::/16', port: 443 },
      { host: 'crm.intern', port: 80 },
    ]);
    expect(allowed({ LEADGATE_DEMO: 'on', DEMO_CRM_PORT: '3999' })).toEqual([{ host: '127.0.0.1', port: 3999 }]);
    expect(allowed({ CUSTOMER_API_URL: 'http://demo-crm:3900/leads' })).toEqual([{ host: 'demo-crm', port: 3900 }]);
    expect(allowed({ CUSTOMER_API_URL: 'https://crm.example.com/leads' })).toEqual([{ host: 'crm.example.com', port: 443 }]);
    expect(allowed({ CUSTOMER_API_URL: 'http://127.1:3900/leads' })).toEqual([]);
  });

  it.each([
    'crm.intern',
    '10.0.0.5:0',
    '10.0.0.5:65536',
    '10.0.0.0/33',
    '127.1',
    '2130706433:80',
    'a b:80',
    'http://10.0.0.5',
    '[10.0.0.5',
    'fe80::1%eth0',
  ])('does not take %s for an address that leads may go to', (entry) => {
    expect(problemsOf({ LEADGATE_ALLOWED_PRIVATE_ADDRESSES: `10.0.0.1,${entry}` })).toEqual([
      expect.stringMatching(/^LEADGATE_ALLOWED_PRIVATE_ADDRESSES must list .*, but has "[^"]+"\.$/),
    ]);
  });

  it('refuses to run with the verification of certificates switched off', () => {
    expect(problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual([expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
    expect(problemsOf({ NODE_TLS_REJECT_UNAUTHORIZED: '1' })).toEqual([]);
  });

  it('takes the secrets of the operator webhook as references, and an address only with a secret and by the rules of outbound calls', () => {
    const read = readSettings({
      LEADGATE_OPERATOR_WEBHOOK_URL: 'https://alerts.example.com/in',
      LEADGATE_OPERATOR_WEBHOOK_SECRET: 'env:OPS',
      LEADGATE_OPERATOR_WEBHOOK_PREVIOUS_SECRET: 'before',
      OPS: 's3cret',
    });
    expect(read.operators.webhook).toEqual({ url: 'https://alerts.example.com/in', secrets: ['s3cret', 'before'] });
    expect(problemsOf({ LEADGATE_OPERATOR_WEBHOOK_URL: 'http://169.254.169.254/' })).toEqual([
      expect.stringContaining('LEADGATE_OPERATOR_WEBHOOK_URL leads to an address that is not on the Internet'),
      expect.stringContaining('LEADGATE_OPERATOR_WEBHOOK_SECRET does not say'),
    ]);
    expect(problemsOf({ LEADGATE_OPERATOR_WEBHOOK_SECRET: 'env:NOT_THERE' })).toEqual([
      expect.stringMatching(/^LEADGATE_OPERATOR_WEBHOOK_SECRET: the variable NOT_THERE is not set/),
    ]);
  });

  it('takes an empty variable as not set, as docker compose passes it on', () => {
    expect(readSettings({ PORT: '', REDIS_URL: ' ', LEADGATE_ADMIN_KEY: '' })).toMatchObject({
      http: { port: 3000 },
      redis: { url: undefined },
      adminKey: undefined,
    });
  });

  it('reports every problem at once', () => {
    const problems = problemsOf({
      PORT: 'http',
      LEADGATE_RETRY_BASE_SECONDS: '0',
      LEADGATE_LOG_LEVEL: 'verbose',
      REDIS_URL: 'localhost:6379',
    });
    expect(problems).toHaveLength(4);
    expect(problems.map((problem) => problem.split(' ')[0]).sort()).toEqual([
      'LEADGATE_LOG_LEVEL',
      'LEADGATE_RETRY_BASE_SECONDS',
      'PORT',
      'REDIS_URL',
    ]);
  });

  it.each<{ env: Record<string, string>; says: string }>([
    { env: { PORT: '65536' }, says: 'PORT must be a whole number from 0 to 65535, but is "65536".' },
    { env: { PORT: '3e3' }, says: 'PORT must be a whole number from 0 to 65535, but is "3e3".' },
    {
      env: { LEADGATE_RETRY_BASE_SECONDS: '-1' },
      says: 'LEADGATE_RETRY_BASE_SECONDS must be a number greater than 0 and at most 86400, but is "-1".',
    },
    {
      env: { LEADGATE_RETRY_BASE_SECONDS: '.' },
      says: 'LEADGATE_RETRY_BASE_SECONDS must be a number greater than 0 and at most 86400, but is ".".',
    },
    {
      env: { LEADGATE_ROLES: 'api,relais' },
      says: 'LEADGATE_ROLES has "relais", which is none of api, pipeline, delivery, relay (did you mean relay?).',
    },
    {
      env: { LEADGATE_STANDSTILL_SECONDS: '4' },
      says: 'LEADGATE_STANDSTILL_SECONDS must be 0 or a whole number from 5 to 3600, but is "4".',
    },
    { env: { LEADGATE_ROLES: ',' }, says: 'LEADGATE_ROLES names none of api, pipeline, delivery, relay.' },
    {
      env: { LEADGATE_TRUSTED_PROXIES: '10.0.0.0/8,1' },
      says: 'LEADGATE_TRUSTED_PROXIES must list IP addresses or ranges such as 10.0.0.0/8, separated by commas, but has "1".',
    },
    { env: { LEADGATE_ADMIN_KEY: 'two words' }, says: 'LEADGATE_ADMIN_KEY may hold visible ASCII characters only, without blanks.' },
    {
      env: { LEADGATE_STATSD: '127.0.0.1' },
      says: 'LEADGATE_STATSD must be a host and a port such as 127.0.0.1:8125 or [::1]:8125, but is "127.0.0.1".',
    },
    {
      env: { LEADGATE_CLAIM_ACCELERATORS: 'redis' },
      says: 'LEADGATE_CLAIM_ACCELERATORS names redis, but REDIS_CACHE_URL does not say where it is.',
    },
    { env: { REDIS_URL: 'http://127.0.0.1' }, says: 'REDIS_URL must be a URL that begins with redis:// or rediss://.' },
  ])('$says', ({ env, says }) => {
    expect(problemsOf(env)).toEqual([says]);
  });

  it('names an unknown parameter of a connection string and never repeats the string', () => {
    const [problem, ...others] = problemsOf({ DATABASE_URL: 'postgresql://app:hunter2@db/leadgate?pgbouncer=true' });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^DATABASE_URL has the parameter "pgbouncer"/);
    expect(problem).not.toContain('hunter2');
  });
});

describe('settingWarnings', () => {
  it('names the nearest known variable', () => {
    expect(
      settingWarnings({
        LEADGATE_RATE_LIMIT_PER_MINTUE: '5',
        LEADGATE_PORT: '1',
        LEADGATE_XYZ: '1',
        LEADGATE_TEST_DATABASE_URL: 'x',
        PATH: '',
      }),
    ).toEqual([
      'LEADGATE_PORT is set but nothing reads it; did you mean PORT?',
      'LEADGATE_RATE_LIMIT_PER_MINTUE is set but nothing reads it; did you mean LEADGATE_RATE_LIMIT_PER_MINUTE?',
      'LEADGATE_XYZ is set but nothing reads it',
    ]);
  });

  it('is silent about every variable there is', () => {
    expect(settingWarnings(Object.fromEntries(Object.keys(SETTING_KEYS).map((name) => [name, 'x'])))).toEqual([]);
  });
});

describe('.env.example', () => {
  it('is current (npm run env:example writes it)', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(renderEnvExample());
  });

  it('holds presets and examples that the gateway itself accepts, but for the failpoints, which nobody meets by accident', () => {
    const env = Object.fromEntries([...renderEnvExample().matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    expect(problemsOf(env)).toEqual([expect.stringContaining('LEADGATE_FAILPOINTS')]);
    delete env['LEADGATE_FAILPOINTS'];
    expect(() => readSettings(env)).not.toThrow();
  });
});
