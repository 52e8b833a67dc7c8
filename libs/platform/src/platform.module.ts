import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { PrismaClient } from '@prisma/client';
import type { Pool } from 'pg';
import { ActiveConfig, Doorbell } from '#core';
import type { AppendActivation } from './config/activate-version.js';
import { ConfigStore } from './config/config-store.js';
import type { ConfigCheck } from './config/prepare-version.js';
import { type Environment, SETTINGS, type Settings } from './config/settings.js';
import { HealthProbes } from './health/health-probes.js';
import { LOGGER, type Logger } from './logging/logger.js';
import { Metrics } from './metrics/metrics.js';
import { createPgPool, type PgPoolOptions } from './postgres/pg-pool.js';
import { createPrismaClient } from './postgres/prisma-client.js';
import { ROW_BY_ROW } from './postgres/row-by-row.js';
import { createQueueBackend, QUEUE_BACKEND } from './queue/queue-backend.js';
import { DueWork } from './relay/due-work.js';
import { Relay } from './relay/relay.js';

/**
 * The connections to Postgres, apart by purpose, so that a busy pipeline cannot starve the door and a flood at the door cannot
 * starve the relay.
 */
export class Pools {
  constructor(
    readonly accept: Pool,
    readonly work: Pool,
    /** Opens and closes attempts; its sessions are set to ROW_BY_ROW. */
    readonly attempts: Pool,
    readonly relay: Pool,
    readonly claims: Pool,
  ) {}

  async end(): Promise<void> {
    await Promise.allSettled([this.accept.end(), this.work.end(), this.attempts.end(), this.relay.end(), this.claims.end()]);
  }
}

/** Injection token of the PrismaClient that reading routes use. */
export const PRISMA = Symbol('prisma');

export interface PlatformParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly databaseUrl: string;
  /** What `env:` references in the configuration are read from. */
  readonly env: Environment;
  /** Of the kinds of sources and destinations. */
  readonly checkConfig: ConfigCheck;
  /** Of #audit, handed in because adapters do not import product libraries. */
  readonly appendAuditEvents: AppendActivation;
}

/** A sender waits for these; 503 must come soon (FAULTS D.1). */
const AT_THE_DOOR = { statementTimeoutMs: 3000, acquireTimeoutMs: 500 };
/** A job, the relay or a reader can wait out a moment in which the server is busy. */
const BEHIND_IT = { statementTimeoutMs: 10_000, acquireTimeoutMs: 2000 };
/** No more can be under way: two that open attempts, two that close them and two that close what was simply delivered. */
const FLUSHES_OF_ATTEMPTS = 6;
/** What the duplicate check cannot say in 250 ms counts as not checked (CONTRACTS 3). */
const LOOKING_UP = { statementTimeoutMs: 250, lockTimeoutMs: 250, acquireTimeoutMs: 500 };

@Global()
@Module({})
export class PlatformModule {
  static with({ settings, logger, databaseUrl, env, checkConfig, appendAuditEvents }: PlatformParts): DynamicModule {
    const pool = (purpose: string, max: number, limits: Partial<PgPoolOptions>): Pool =>
      createPgPool({
        url: databaseUrl,
        applicationName: `leadgate-${purpose}`,
        max,
        ...limits,
        onIdleConnectionError: (error) =>
          logger.warn({ component: 'postgres', pool: purpose }, `an idle connection broke: ${error.message}`),
      });
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: LOGGER, useValue: logger },
      Metrics,
      HealthProbes,
      {
        provide: Pools,
        useFactory: () =>
          new Pools(
            pool('accept', settings.database.pools.accept, AT_THE_DOOR),
            pool('work', settings.database.pools.work, BEHIND_IT),
            pool('attempts', FLUSHES_OF_ATTEMPTS, { ...BEHIND_IT, sessionSettings: ROW_BY_ROW }),
            pool('relay', settings.database.pools.relay, BEHIND_IT),
            pool('claims', settings.database.pools.claims, LOOKING_UP),
          ),
      },
      {
        provide: PRISMA,
        useFactory: (): PrismaClient =>
          createPrismaClient({
            url: databaseUrl,
            applicationName: 'leadgate-reading',
            max: 4,
            acquireTimeoutMs: BEHIND_IT.acquireTimeoutMs,
          }),
      },
      {
        provide: ConfigStore,
        useFactory: (pools: Pools) =>
          new ConfigStore({ pool: pools.relay, configPath: settings.files.config, env, check: checkConfig, appendAuditEvents, logger }),
        inject: [Pools],
      },
      { provide: ActiveConfig, useExisting: ConfigStore },
      {
        provide: Relay,
        useFactory: (pools: Pools, metrics: Metrics) => new Relay(new DueWork(pools.relay), metrics, logger),
        inject: [Pools, Metrics],
      },
      { provide: Doorbell, useExisting: Relay },
      {
        provide: QUEUE_BACKEND,
        useFactory: (pools: Pools) => createQueueBackend(settings.redis.url, databaseUrl, pools.relay, logger),
        inject: [Pools],
      },
    ];
    return {
      module: PlatformModule,
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }
}
