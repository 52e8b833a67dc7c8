import { readFailpoints } from '../failpoints/read-failpoints.js';
import { KEY_PROVIDER_KEYS } from './key-provider-keys.js';
import { OPERATOR_KEYS } from './operator-keys.js';
import {
  asAddresses,
  asAllowedTargets,
  asHostAndPort,
  asInteger,
  asIntegerOrNever,
  asOneOf,
  asPositiveDecimal,
  asPostgresUrl,
  asSomeOf,
  asText,
  asUrl,
  asVisibleText,
  optional,
  type Reader,
  type SettingKey,
  withPreset,
} from './setting-key.js';

/** What one process does; every role processes leads, `pipeline` and `delivery` also take jobs from the queue. */
export const ROLES = ['api', 'pipeline', 'delivery', 'relay'] as const;

/** Accelerators of the duplicate check, in the order in which they are asked. */
const ACCELERATORS = ['bloom', 'redis'] as const;
type Accelerator = (typeof ACCELERATORS)[number];
const asAccelerators: Reader<readonly Accelerator[]> = (text, name) =>
  text.trim() === 'none' ? { value: [] } : asSomeOf(ACCELERATORS)(text, name);
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

/** Every environment variable the gateway reads, in the order of .env.example. Numbers without another source are in CONTRACTS or ARCHITECTURE. */
export const SETTING_KEYS = {
  HOST: withPreset('The address the gateway listens on.', '127.0.0.1', asText),
  PORT: withPreset('The port the gateway listens on; 0 takes any free one.', '3000', asInteger(0, 65_535)),
  DATABASE_URL: optional(
    'Postgres 14 or newer; without it `npm start` runs its own Postgres in the data directory.',
    'postgresql://leadgate_app:password@db.example.com:5432/leadgate',
    asPostgresUrl,
  ),
  MIGRATE_DATABASE_URL: optional(
    'The same database as its owner, used only to migrate; without it DATABASE_URL migrates too.',
    'postgresql://leadgate_owner:password@db.example.com:5432/leadgate',
    asPostgresUrl,
  ),
  REDIS_URL: optional(
    'Redis 7 or newer for the queue; without it the queue lives in Postgres.',
    'redis://127.0.0.1:6379',
    asUrl(['redis:', 'rediss:']),
  ),
  LEADGATE_DATA_DIR: withPreset('The folder of the embedded Postgres, the admin key and the demo CRM.', '.leadgate', asText),
  LEADGATE_FILE_DROP_DIR: optional(
    'Where destinations of the kind file drop their files, a folder for each tenant; it must be there. Without it: drop in the data directory.',
    '/srv/leadgate-drop',
    asText,
  ),
  LEADGATE_CONFIG: withPreset('The folder with one YAML or JSON file per tenant, or one such file.', 'config', asText),
  LEADGATE_ROLES: withPreset(`What this process does: any of ${ROLES.join(', ')}.`, ROLES.join(','), asSomeOf(ROLES)),
  LEADGATE_ADMIN_KEY: optional(
    'The key for everything that reads leads; without it one is made and kept in admin.key in the data directory.',
    'a-long-random-text',
    asVisibleText,
  ),
  ...KEY_PROVIDER_KEYS,
  LEADGATE_CLAIM_ACCELERATORS: withPreset(
    'What may save the look-up of duplicates in Postgres, which decides whatever they say: none, bloom (in memory), redis (at REDIS_CACHE_URL) or bloom,redis.',
    'none',
    asAccelerators,
  ),
  REDIS_CACHE_URL: optional(
    'The Redis of the accelerator redis: one of its own with maxmemory and an eviction policy, never the one of the queue.',
    'redis://127.0.0.1:6380',
    asUrl(['redis:', 'rediss:']),
  ),
  LEADGATE_RATE_LIMIT_PER_MINUTE: withPreset(
    'Requests a minute that one address may send to one source without authentication, per process; 0 is no limit.',
    '100',
    asInteger(0, 1_000_000_000),
  ),
  LEADGATE_RETRY_BASE_SECONDS: withPreset(
    'The first gap of the retry schedule (1, 2, 4, 8, 16 times this); a demo may set 0.1.',
    '30',
    asPositiveDecimal(86_400),
  ),
  LEADGATE_REPLAY_PER_SECOND: withPreset(
    'Leads a second that a bulk replay takes up at most unless it names a rate: a fraction of what a gateway delivers, so that fresh leads are not kept waiting. A destination with a rate of its own is given a fifth of it.',
    '50',
    asPositiveDecimal(1000),
  ),
  LEADGATE_DRAIN_SECONDS: withPreset(
    'Seconds a stopping process says "not ready" before it closes its door: the time a load balancer needs to notice.',
    '0',
    asInteger(0, 5),
  ),
  LEADGATE_STANDSTILL_SECONDS: withPreset(
    'Seconds after which a process whose event loop stands still kills itself, so that it is started anew; 0: never, e.g. for a debugger.',
    '60',
    asIntegerOrNever(5, 3600),
  ),
  LEADGATE_TRUSTED_PROXIES: withPreset(
    'Addresses or ranges of proxies whose X-Forwarded-For is believed, separated by commas; empty: the header is ignored.',
    '',
    asAddresses,
  ),
  LEADGATE_ALLOWED_PRIVATE_ADDRESSES: withPreset(
    'Addresses, ranges and host:port that leads may be sent to or fetched from although they are not on the Internet or speak plain http, separated by commas; the demo CRM and CUSTOMER_API_URL need no entry.',
    '',
    asAllowedTargets,
  ),
  LEADGATE_LOG_LEVEL: withPreset(`How much is logged: ${LOG_LEVELS.join(', ')}.`, 'info', asOneOf(LOG_LEVELS)),
  LEADGATE_MAX_BODY_BYTES: withPreset(
    'The largest body of a lead request; a larger one is answered 413.',
    `${MEBIBYTE}`,
    asInteger(1024, GIBIBYTE),
  ),
  LEADGATE_QUARANTINE_DAYS: withPreset('How many days a refused request is kept and can be released.', '7', asInteger(0, 3650)),
  LEADGATE_QUARANTINE_BYTES_PER_DAY: withPreset(
    'Bytes of refused bodies kept a day; beyond it only the size, the SHA-256 and 4 KiB of each.',
    `${GIBIBYTE}`,
    asInteger(0, 1024 * GIBIBYTE),
  ),
  LEADGATE_STATSD: optional(
    'The host and UDP port of a StatsD collector that is told of decisions and heartbeats; without it nothing is sent.',
    '127.0.0.1:8125',
    asHostAndPort,
  ),
  LEADGATE_TELEMETRY_QUEUE: withPreset(
    'Decisions that may wait for the StatsD collector; further ones are dropped and counted.',
    '10000',
    asInteger(1, 10_000_000),
  ),
  LEADGATE_HEARTBEAT_SECONDS: withPreset('Seconds between two heartbeats to the StatsD collector.', '60', asInteger(1, 3600)),
  ...OPERATOR_KEYS,
  LEADGATE_POOL_ACCEPT: withPreset('Postgres connections that store arriving leads.', '4', asInteger(1, 100)),
  LEADGATE_POOL_WORK: withPreset(
    'Postgres connections of the pipeline and of reading; attempts of deliveries have up to six of their own.',
    '8',
    asInteger(1, 100),
  ),
  LEADGATE_POOL_RELAY: withPreset('Postgres connections of the relay and of following the configuration.', '4', asInteger(1, 100)),
  LEADGATE_POOL_CLAIMS: withPreset('Postgres connections that look up which lead was first.', '3', asInteger(1, 100)),
  LEADGATE_PIPELINE_CONCURRENCY: withPreset('Jobs of up to 20 leads that a process has in hand at once.', '16', asInteger(1, 100)),
  LEADGATE_DELIVERY_CONCURRENCY: withPreset(
    'Jobs of the delivery queue a process takes at once; what it decides itself needs none.',
    '64',
    asInteger(1, 1000),
  ),
  DEMO_CRM_PORT: withPreset('The port of the demo CRM that `npm start` runs.', '3900', asInteger(0, 65_535)),
  LEADGATE_DEMO: withPreset('Whether `npm start` also runs the demo CRM: on, off.', 'on', asOneOf(['on', 'off'] as const)),
  LEADGATE_ALLOW_FAILPOINTS: withPreset(
    'For tests of faults only: whether LEADGATE_FAILPOINTS may be set: yes, no.',
    'no',
    asOneOf(['yes', 'no'] as const),
  ),
  LEADGATE_FAILPOINTS: optional(
    'For tests of faults only: places in the code where the process is killed, stopped, delayed or fails (libs/platform/src/failpoints).',
    'accept_after_commit:kill@3',
    readFailpoints,
  ),
} satisfies Record<string, SettingKey<unknown>>;
