import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, jsonMember, spawnProgram } from './child-process.js';
import { eventually } from './eventually.js';
import { emptyTestRedis, hasTestRedis, testRedisUrl } from './test-redis.js';

export const ADMIN_KEY = 'test-admin-key-0123456789abcdef';

export interface GatewayProcess extends Child {
  readonly url: string;
  /** GET of a reading route with the admin key; asks again after 503. */
  read<T>(path: string): Promise<T>;
  /** As a sender does that keeps its promise: 503 means that nothing was taken, so it comes again. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  postOnce(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

export interface GatewayOptions {
  readonly databaseUrl: string;
  readonly redisUrl?: string | undefined;
  readonly dataDir: string;
  readonly env?: Record<string, string>;
}

/** The gateway as it runs in production, from dist, on a free port, with a fast retry schedule and without a rate limit. */
export async function startGateway(options: GatewayOptions): Promise<GatewayProcess> {
  const child = spawnProgram('dist/apps/gateway/src/main.js', {
    PORT: '0',
    DATABASE_URL: options.databaseUrl,
    LEADGATE_DATA_DIR: options.dataDir,
    LEADGATE_ADMIN_KEY: ADMIN_KEY,
    LEADGATE_RATE_LIMIT_PER_MINUTE: '0',
    LEADGATE_RETRY_BASE_SECONDS: '0.1',
    ...(options.redisUrl === undefined ? {} : { REDIS_URL: options.redisUrl }),
    ...options.env,
  });
  const url = await child.line((line) => {
    const found = jsonMember(line, 'url');
    return typeof found === 'string' ? found.replace('[::1]', '127.0.0.1') : undefined;
  });
  const postOnce: GatewayProcess['postOnce'] = (path, body, headers = {}) =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    ...child,
    url,
    read: async <T>(path: string) => {
      const response = await patient(`GET ${path}`, () => fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_KEY}` } }));
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    post: (path, body, headers) => patient(`POST ${path}`, () => postOnce(path, body, headers)),
    postOnce,
  };
}

/** A machine that is too slow for Postgres to answer in time is told 503 now and then. */
export function patient<Answer extends { readonly status: number }>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
  return eventually(`${what} is answered otherwise than 503`, async () => {
    const response = await ask();
    return response.status === 503 ? undefined : response;
  });
}

export interface DemoCrmProcess extends Child {
  readonly url: string;
  requests(): Promise<CrmRequest[]>;
  leads(): Promise<{ id: string; key: string | null; body: unknown; requests: number }[]>;
  /** As `POST /_mode` takes it: apps/demo-crm/src/fault-modes.ts. */
  mode(plan: {
    mode: string;
    times?: number;
    after?: number;
    path?: string;
    retryAfter?: number | string;
    location?: string;
    ms?: number;
  }): Promise<void>;
}

export interface CrmRequest {
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly bodySha256: string;
  readonly status: number | null;
  readonly key: string | null;
  readonly repeat: boolean;
}

export async function startDemoCrm(dataDir: string, port = 0): Promise<DemoCrmProcess> {
  const child = spawnProgram('dist/apps/demo-crm/src/main.js', { DEMO_CRM_PORT: String(port), LEADGATE_DATA_DIR: dataDir });
  const url = await child.line((line) => {
    const found = jsonMember(line, 'url');
    return typeof found === 'string' ? found : undefined;
  });
  const get = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T;
  return {
    ...child,
    url,
    requests: () => get('/_requests'),
    leads: () => get('/_leads'),
    mode: async (mode) => {
      const response = await fetch(`${url}/_mode`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(mode),
      });
      if (!response.ok) throw new Error(`POST /_mode: ${response.status} ${await response.text()}`);
    },
  };
}

/** A data directory for one test file. */
export async function makeDataDir(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'leadgate-e2e-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export interface QueueChoice {
  readonly name: string;
  readonly redisUrl: string | undefined;
  /** Jobs of an earlier suite would ring leads of a database that is gone. */
  empty(): Promise<void>;
}

/** The queue backends a suite runs on: Postgres always, Redis where the test run has one. */
export const QUEUE_BACKENDS: QueueChoice[] = [
  { name: 'the Postgres queue', redisUrl: undefined, empty: async () => {} },
  ...(hasTestRedis ? [{ name: 'Redis', redisUrl: testRedisUrl(), empty: emptyTestRedis }] : []),
];
