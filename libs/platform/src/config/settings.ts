import { join, resolve } from 'node:path';
import { ownTargets } from '../http/allowed-targets.js';
import type { Environment } from './environment.js';
import { operatorWebhookProblems, readOperatorSecrets } from './operator-webhook.js';
import type { SettingKey } from './setting-key.js';
import { SETTING_KEYS } from './all-setting-keys.js';

export type { Environment } from './environment.js';

type KeyName = keyof typeof SETTING_KEYS;
type ValueOf<Name extends KeyName> = (typeof SETTING_KEYS)[Name] extends SettingKey<infer Value> ? Value : never;

/** Injection token of the process's Settings. */
export const SETTINGS = Symbol('settings');

/** All problems of the environment at once, one sentence each. */
export class InvalidSettings extends Error {
  readonly code = 'invalid_settings';
  constructor(readonly problems: readonly string[]) {
    super(`The settings cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'InvalidSettings';
  }
}

export type Settings = ReturnType<typeof nested>;

/**
 * Reads the environment, once, at boot. A variable that is set but empty counts as not set, as docker compose passes it on.
 *
 * @param folder what relative paths start from
 * @throws InvalidSettings with every problem
 */
export function readSettings(env: Environment, folder: string = process.cwd()): Settings {
  const problems: string[] = [];
  const settings = nested(
    <Name extends KeyName>(name: Name) => {
      const key = SETTING_KEYS[name] as SettingKey<ValueOf<Name>>;
      const text = textOf(env, name) ?? key.preset;
      // Only an optional key has no preset, and its value type includes undefined.
      if (text === undefined) return undefined as ValueOf<Name>;
      const reading = key.read(text, name);
      if ('value' in reading) return reading.value;
      problems.push(`${name} ${reading.problem}.`);
      return undefined as ValueOf<Name>;
    },
    folder,
    textOf(env, 'CUSTOMER_API_URL'),
    (written) => {
      const read = readOperatorSecrets(written, env, folder);
      problems.push(...read.problems);
      return read.secrets;
    },
  );
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') problems.push(UNVERIFIED_TLS);
  const { accelerators, cacheUrl } = settings.dedup;
  if (accelerators?.includes('redis') && cacheUrl === undefined && textOf(env, 'REDIS_CACHE_URL') === undefined)
    problems.push('LEADGATE_CLAIM_ACCELERATORS names redis, but REDIS_CACHE_URL does not say where it is.');
  if (textOf(env, 'LEADGATE_FAILPOINTS') !== undefined && env['LEADGATE_ALLOW_FAILPOINTS']?.trim() !== 'yes')
    problems.push(FAILPOINTS_IN_EARNEST);
  if (problems.length === 0) problems.push(...operatorWebhookProblems(settings.operators.webhook, settings.outbound.allowed));
  if (problems.length > 0) throw new InvalidSettings(problems);
  return settings;
}

/** It would make every TLS connection of the process talk to whoever answers, also those to Postgres and Redis. */
const UNVERIFIED_TLS =
  'NODE_TLS_REJECT_UNAUTHORIZED is 0, which switches the verification of certificates off: remove it; for a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file.';

const FAILPOINTS_IN_EARNEST =
  'LEADGATE_FAILPOINTS makes this process fail on purpose: remove it; a test of faults also sets LEADGATE_ALLOW_FAILPOINTS=yes.';

function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

/** Where each variable stands in the settings. Durations and sizes carry their unit in the name. */
function nested(
  of: <Name extends KeyName>(name: Name) => ValueOf<Name>,
  folder: string,
  customerUrl: string | undefined,
  secretsOf: (written: Readonly<Record<string, string | undefined>>) => readonly string[],
) {
  const demo = { enabled: of('LEADGATE_DEMO') === 'on', crmPort: of('DEMO_CRM_PORT') };
  return {
    roles: of('LEADGATE_ROLES'),
    http: {
      host: of('HOST'),
      port: of('PORT'),
      maxBodyBytes: of('LEADGATE_MAX_BODY_BYTES'),
      rateLimitPerMinute: of('LEADGATE_RATE_LIMIT_PER_MINUTE'),
      drainSeconds: of('LEADGATE_DRAIN_SECONDS'),
      trustedProxies: of('LEADGATE_TRUSTED_PROXIES'),
    },
    database: {
      url: of('DATABASE_URL'),
      migrateUrl: of('MIGRATE_DATABASE_URL'),
      pools: {
        accept: of('LEADGATE_POOL_ACCEPT'),
        work: of('LEADGATE_POOL_WORK'),
        relay: of('LEADGATE_POOL_RELAY'),
        claims: of('LEADGATE_POOL_CLAIMS'),
      },
    },
    redis: { url: of('REDIS_URL') },
    files: {
      dataDir: resolve(folder, of('LEADGATE_DATA_DIR')),
      config: resolve(folder, of('LEADGATE_CONFIG')),
      drop: {
        root: resolve(folder, of('LEADGATE_FILE_DROP_DIR') ?? join(of('LEADGATE_DATA_DIR'), 'drop')),
        makesRoot: of('LEADGATE_FILE_DROP_DIR') === undefined,
      },
    },
    adminKey: of('LEADGATE_ADMIN_KEY'),
    keys: {
      from: of('LEADGATE_IDENTITY_KEYS_FROM') ?? (of('LEADGATE_IDENTITY_KEYS') === undefined ? ('file' as const) : ('env' as const)),
      document: of('LEADGATE_IDENTITY_KEYS'),
      pollSeconds: of('LEADGATE_IDENTITY_KEYS_POLL_SECONDS'),
      vault: {
        address: of('VAULT_ADDR'),
        path: of('LEADGATE_VAULT_PATH'),
        token: of('VAULT_TOKEN'),
        tokenFile: of('VAULT_TOKEN_FILE'),
        namespace: of('VAULT_NAMESPACE'),
      },
      aws: {
        secretId: of('LEADGATE_AWS_SECRET_ID'),
        region: of('AWS_REGION'),
        accessKeyId: of('AWS_ACCESS_KEY_ID'),
        secretAccessKey: of('AWS_SECRET_ACCESS_KEY'),
        sessionToken: of('AWS_SESSION_TOKEN'),
        endpoint: of('AWS_ENDPOINT_URL_SECRETS_MANAGER'),
      },
    },
    dedup: { accelerators: of('LEADGATE_CLAIM_ACCELERATORS'), cacheUrl: of('REDIS_CACHE_URL') },
    standstillSeconds: of('LEADGATE_STANDSTILL_SECONDS'),
    log: { level: of('LEADGATE_LOG_LEVEL') },
    concurrency: { pipeline: of('LEADGATE_PIPELINE_CONCURRENCY'), delivery: of('LEADGATE_DELIVERY_CONCURRENCY') },
    delivery: { retryBaseSeconds: of('LEADGATE_RETRY_BASE_SECONDS') },
    replay: { perSecond: of('LEADGATE_REPLAY_PER_SECOND') },
    outbound: { allowed: [...(of('LEADGATE_ALLOWED_PRIVATE_ADDRESSES') ?? []), ...ownTargets(demo, customerUrl)] },
    quarantine: { days: of('LEADGATE_QUARANTINE_DAYS'), bytesPerDay: of('LEADGATE_QUARANTINE_BYTES_PER_DAY') },
    telemetry: {
      collector: of('LEADGATE_STATSD'),
      queueCapacity: of('LEADGATE_TELEMETRY_QUEUE'),
      heartbeatSeconds: of('LEADGATE_HEARTBEAT_SECONDS'),
    },
    operators: {
      webhook: {
        url: of('LEADGATE_OPERATOR_WEBHOOK_URL'),
        secrets: secretsOf({
          LEADGATE_OPERATOR_WEBHOOK_SECRET: of('LEADGATE_OPERATOR_WEBHOOK_SECRET'),
          LEADGATE_OPERATOR_WEBHOOK_PREVIOUS_SECRET: of('LEADGATE_OPERATOR_WEBHOOK_PREVIOUS_SECRET'),
        }),
      },
      eventsPerMinute: of('LEADGATE_OPERATOR_EVENTS_PER_MINUTE'),
      stuckSeconds: of('LEADGATE_STUCK_SECONDS'),
    },
    failpoints: of('LEADGATE_FAILPOINTS') ?? [],
    demo,
  } as const;
}
