import pg from 'pg';
import { parseConnectionString } from './connection-string.js';

/** Owns the tables and runs migrations; nothing that serves requests logs in as this one. */
export const OWNER_ROLE = 'leadgate_owner';
/** The gateway: reads and writes everything, but may only append to the audit trail. */
export const APP_ROLE = 'leadgate_app';
/** People who look: Prisma Studio, a psql session. */
export const READONLY_ROLE = 'leadgate_readonly';

export interface RolePasswords {
  readonly owner: string;
  readonly app: string;
  readonly readonly: string;
}

/** Tables that nobody but their owner may rewrite: the audit trail, and the record of what was migrated. */
const APPEND_ONLY_TABLES = ['audit_events', 'audit_chain'];
const OWNER_ONLY_TABLES = ['_prisma_migrations'];

/** Creates the three roles or gives them these passwords. Needs a superuser; only the embedded server calls it. */
export async function createRoles(superuser: pg.ClientBase, passwords: RolePasswords): Promise<void> {
  const { rows } = await superuser.query<{ rolname: string }>('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [
    [OWNER_ROLE, APP_ROLE, READONLY_ROLE],
  ]);
  const existing = new Set(rows.map((row) => row.rolname));
  const wanted: [string, string][] = [
    [OWNER_ROLE, passwords.owner],
    [APP_ROLE, passwords.app],
    [READONLY_ROLE, passwords.readonly],
  ];
  for (const [role, password] of wanted) {
    const verb = existing.has(role) ? 'ALTER' : 'CREATE';
    await superuser.query(`${verb} ROLE ${role} LOGIN NOSUPERUSER PASSWORD ${pg.escapeLiteral(password)}`);
  }
  await superuser.query(`ALTER ROLE ${READONLY_ROLE} SET default_transaction_read_only = on`);
}

export interface GrantOptions {
  /** The owner's connection string. */
  readonly ownerUrl: string;
  /** The gateway's own connection string, when it logs in under another name than leadgate_app. */
  readonly appUrl?: string;
}

/**
 * Gives the roles that exist on this server their rights on the tables that exist now and on those the owner creates later. Run after migrating.
 * On a server of somebody else's, roles that were never created are passed over: then the gateway works as whatever role its URL names.
 *
 * @returns the roles that were given rights
 */
export async function grantRoles(options: GrantOptions): Promise<string[]> {
  const { poolConfig, schema } = parseConnectionString(options.ownerUrl);
  const appUser = options.appUrl === undefined ? undefined : parseConnectionString(options.appUrl).poolConfig.user;
  const owner = new pg.Client({ ...poolConfig, application_name: 'leadgate-grants', lock_timeout: 10_000 });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ rolname: string }>(
      'SELECT rolname FROM pg_roles WHERE rolname = ANY ($1) AND rolname <> current_user AND NOT rolsuper ORDER BY rolname',
      [[APP_ROLE, READONLY_ROLE, appUser ?? APP_ROLE]],
    );
    const roles = rows.map((row) => row.rolname);
    await owner.query('BEGIN');
    for (const role of roles) {
      const name = pg.escapeIdentifier(role);
      const statements =
        role === READONLY_ROLE ? readonlyGrants(name, schema) : appGrants(name, schema, await hasSchema(owner, QUEUE_SCHEMA));
      for (const statement of statements) await owner.query(statement);
    }
    await owner.query('COMMIT');
    return roles;
  } finally {
    await owner.end();
  }
}

/** Where BullMQ's Postgres backend keeps its tables, when it is the queue. */
const QUEUE_SCHEMA = 'bullmq';

function appGrants(role: string, schemaName: string, queueIsHere: boolean): string[] {
  const schema = pg.escapeIdentifier(schemaName);
  const tables = (names: string[]) => names.map((name) => `${schema}.${name}`).join(', ');
  return [
    ...(schemaName === 'public' ? [] : [`GRANT USAGE ON SCHEMA ${schema} TO ${role}`]),
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    `GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`,
    `REVOKE UPDATE, DELETE, TRUNCATE ON ${tables(APPEND_ONLY_TABLES)} FROM ${role}`,
    `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${tables(OWNER_ONLY_TABLES)} FROM ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT USAGE, SELECT ON SEQUENCES TO ${role}`,
    ...(queueIsHere
      ? [
          // CREATE: BullMQ makes a sequence for each queue when its first job is added.
          `GRANT USAGE, CREATE ON SCHEMA ${QUEUE_SCHEMA} TO ${role}`,
          `GRANT ALL ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${role}`,
          grantOwnSequences(QUEUE_SCHEMA, role),
        ]
      : []),
  ];
}

/** Those the gateway's role has made belong to it already, and nobody else could grant them: `ALL SEQUENCES` would fail on the second start. */
function grantOwnSequences(schema: string, role: string): string {
  return `DO $$
    DECLARE one record;
    BEGIN
      FOR one IN SELECT schemaname, sequencename FROM pg_sequences WHERE schemaname = '${schema}' AND sequenceowner = current_user LOOP
        EXECUTE format('GRANT ALL ON SEQUENCE %I.%I TO ', one.schemaname, one.sequencename) || ${pg.escapeLiteral(role)};
      END LOOP;
    END $$`;
}

function readonlyGrants(role: string, schemaName: string): string[] {
  const schema = pg.escapeIdentifier(schemaName);
  return [
    ...(schemaName === 'public' ? [] : [`GRANT USAGE ON SCHEMA ${schema} TO ${role}`]),
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${role}`,
  ];
}

async function hasSchema(client: pg.ClientBase, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [name]);
  return rowCount === 1;
}
