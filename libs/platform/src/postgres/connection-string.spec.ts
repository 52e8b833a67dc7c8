import { InvalidConnectionString, parseConnectionString } from './connection-string.js';

const base = 'postgresql://gate:secret@db.example.org:6543/leads';

describe('parseConnectionString', () => {
  it('reads the parts of the address', () => {
    expect(parseConnectionString('postgres://us%40er:p%2Fw%25@[::1]/my%20db')).toEqual({
      poolConfig: { host: '::1', port: 5432, database: 'my db', user: 'us@er', password: 'p/w%' },
      schema: 'public',
    });
  });

  it.each([
    ['schema=crm', { schema: 'crm', poolConfig: { options: '-c search_path="crm"' } }],
    ['schema=public', { schema: 'public', poolConfig: {} }],
    ['connection_limit=7', { poolConfig: { max: 7 } }],
    ['pool_timeout=2', { poolConfig: { connectionTimeoutMillis: 2000 } }],
    ['connect_timeout=3', { poolConfig: { connectionTimeoutMillis: 3000 } }],
    ['connect_timeout=3&pool_timeout=2', { poolConfig: { connectionTimeoutMillis: 2000 } }],
    ['application_name=bench', { poolConfig: { application_name: 'bench' } }],
    ['options=-c%20jit%3Doff&schema=crm', { poolConfig: { options: '-c jit=off -c search_path="crm"' } }],
    ['host=/run/postgresql', { poolConfig: { host: '/run/postgresql' } }],
    ['sslmode=disable', { poolConfig: { ssl: false } }],
    ['sslmode=require', { poolConfig: { ssl: { rejectUnauthorized: false } } }],
    ['sslmode=verify-full', { poolConfig: { ssl: {} } }],
  ])('honours %s', (query, expected) => {
    expect(parseConnectionString(`${base}?${query}`)).toMatchObject(expected);
  });

  it.each([
    ['an unknown parameter', `${base}?pgbouncer=true`, '"pgbouncer"'],
    ['a certificate file', `${base}?sslrootcert=/ca.pem`, 'NODE_EXTRA_CA_CERTS'],
    ['a parameter given twice', `${base}?schema=a&schema=b`, 'twice'],
    ['a schema that is no plain name', `${base}?schema=a"b`, 'plain name'],
    ['sslmode=prefer', `${base}?sslmode=prefer`, 'plain text'],
    ['a limit of zero', `${base}?connection_limit=0`, 'connection_limit=0'],
    ['a wait that is no number', `${base}?pool_timeout=soon`, 'pool_timeout=soon'],
    ['another protocol', 'mysql://gate:secret@h/leads', 'not a connection string'],
    ['no URL at all', 'gate secret', 'not a connection string'],
    ['no database', 'postgresql://gate:secret@h', 'no database'],
    ['no host', 'postgresql:///leads', 'no host'],
    ['a bare percent sign in the password', 'postgresql://gate:se%cret@h/leads', '%25'],
  ])('refuses %s, naming the setting and never the password', (_description, url, part) => {
    const attempt = () => parseConnectionString(url, 'MIGRATE_DATABASE_URL');
    expect(attempt).toThrow(InvalidConnectionString);
    expect(attempt).toThrow(part);
    expect(attempt).toThrow(/^MIGRATE_DATABASE_URL /);
    expect(attempt).not.toThrow(/secret|se%cret/);
  });
});
