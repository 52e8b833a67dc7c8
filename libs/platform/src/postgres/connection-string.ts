import type { PoolConfig } from 'pg';

/** What a connection string says, in the terms of `pg`. */
export interface DatabaseConnection {
  readonly poolConfig: PoolConfig;
  /** The schema unqualified names refer to; `public` unless the string says otherwise. */
  readonly schema: string;
}

/** A connection string that cannot be used. The message names the setting and the mistake, never the string itself: it holds a password. */
export class InvalidConnectionString extends Error {
  constructor(setting: string, problem: string) {
    super(`${setting} ${problem}`);
    this.name = 'InvalidConnectionString';
  }
}

const SCHEMA_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** libpq's meaning of each mode. `allow` and `prefer` are missing on purpose: they fall back to plain text without telling anybody. */
const SSL_MODES: Readonly<Record<string, PoolConfig['ssl']>> = {
  disable: false,
  require: { rejectUnauthorized: false },
  'no-verify': { rejectUnauthorized: false },
  'verify-ca': { checkServerIdentity: () => undefined },
  'verify-full': {},
};

/**
 * Reads `postgresql://user:password@host:port/database?…`.
 *
 * Parameters: `schema`, `connection_limit` (connections per pool), `pool_timeout` (seconds to wait for a connection), `connect_timeout` (the same
 * wait in `pg`; used when pool_timeout is absent), `sslmode`, `application_name` (see sessionName), `options` (as libpq's), `host` (a folder with a
 * Unix socket).
 * The Prisma adapter ignores several of these silently and an ignored limit is found out in production, so everything else is an error.
 *
 * @param setting the name of the setting the string came from, for the error message
 * @throws InvalidConnectionString
 */
export function parseConnectionString(connectionString: string, setting = 'DATABASE_URL'): DatabaseConnection {
  const fail = (problem: string): never => {
    throw new InvalidConnectionString(setting, problem);
  };
  const url = parseUrl(connectionString, fail);
  const given = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!KNOWN_PARAMETERS.has(name)) fail(unknownParameter(name));
    if (given.has(name)) fail(`gives the parameter "${name}" twice.`);
    given.set(name, value);
  }

  const schema = given.get('schema') ?? 'public';
  if (!SCHEMA_NAME.test(schema)) fail('has a schema that is not a plain name (letters, digits and underscores).');

  const sslMode = given.get('sslmode');
  if (sslMode !== undefined && !(sslMode in SSL_MODES)) {
    fail(
      'has an sslmode other than disable, require, verify-ca or verify-full (prefer and allow fall back to plain text unnoticed, so they are not taken).',
    );
  }
  const waitSeconds = wholeNumber(given, 'pool_timeout', fail) ?? wholeNumber(given, 'connect_timeout', fail);
  const limit = wholeNumber(given, 'connection_limit', fail);
  const options = [given.get('options'), schema === 'public' ? undefined : `-c search_path="${schema}"`].filter((part) => part).join(' ');
  const applicationName = given.get('application_name');

  const poolConfig: PoolConfig = {
    host: given.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(sslMode === undefined ? {} : { ssl: SSL_MODES[sslMode] }),
    ...(limit === undefined ? {} : { max: limit }),
    ...(waitSeconds === undefined ? {} : { connectionTimeoutMillis: waitSeconds * 1000 }),
    ...(options === '' ? {} : { options }),
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
  };
  return { poolConfig, schema };
}

/**
 * What a session is called in pg_stat_activity: what it is for, and where the connection string says an `application_name`, whose it is, too:
 * `leadgate-relay/gateway-2`. So the sessions of one of several gateways can be told from those of the others.
 */
export function sessionName(purpose: string, { application_name: whose }: PoolConfig): string {
  return whose === undefined ? purpose : `${purpose}/${whose}`;
}

const KNOWN_PARAMETERS = new Set([
  'schema',
  'connection_limit',
  'pool_timeout',
  'connect_timeout',
  'sslmode',
  'application_name',
  'options',
  'host',
]);

function unknownParameter(name: string): string {
  const known = [...KNOWN_PARAMETERS].join(', ');
  const hint = name.startsWith('sslroot') || name.startsWith('sslcert') ? ' Certificate authorities are named by NODE_EXTRA_CA_CERTS.' : '';
  return `has the parameter "${name}", which would have no effect. Remove it; these are understood: ${known}.${hint}`;
}

function parseUrl(connectionString: string, fail: (problem: string) => never): URL {
  const shape =
    'is not a connection string like postgresql://user:password@host:5432/database. Special characters in the password are written as %XX.';
  const url = URL.canParse(connectionString) ? new URL(connectionString) : fail(shape);
  if (url.protocol !== 'postgresql:' && url.protocol !== 'postgres:') fail(shape);
  if (url.pathname.length < 2 || url.pathname.slice(1).includes('/')) fail('names no database (the part after the last slash).');
  if (url.hostname === '' && !url.searchParams.has('host')) fail('names no host.');
  for (const part of [url.username, url.password, url.pathname, url.hostname]) {
    if (!isDecodable(part)) fail('has a % that is not followed by two hexadecimal digits. Write a percent sign as %25.');
  }
  return url;
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function wholeNumber(given: ReadonlyMap<string, string>, name: string, fail: (problem: string) => never): number | undefined {
  const text = given.get(name);
  if (text === undefined) return undefined;
  // 0 means "wait for ever" to Prisma and "no connections" to nobody; both end in requests that hang, so it is refused.
  return /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : fail(`has ${name}=${text}; it takes a whole number from 1 to 999999.`);
}
