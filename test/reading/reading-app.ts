import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FollowedApiKeys } from '#access';
import { appendAuditEvents, AuditModule } from '#audit';
import { createLogger, type Logger, PlatformModule, Pools, PRISMA, QUEUE_BACKEND, type QueueBackend, readSettings } from '#platform';
import type { PrismaClient } from '@prisma/client';
import { Readiness, ReadingModule, serveApiDocs } from '#reading';

export const ADMIN_KEY = 'the-admin-key-of-the-tests';

export interface ReadingApp {
  readonly app: INestApplication;
  readonly readiness: Readiness;
  readonly dataDir: string;
  readonly url: string;
  /** @param key the admin key unless told otherwise; null sends no Authorization header */
  get(path: string, key?: string | null, headers?: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
}

export interface ReadingAppOptions {
  readonly logger?: Logger;
  /** Beside the reading side. */
  readonly modules?: readonly Type[];
  /** true: waits for a connection no longer than a gateway does. Else a slow machine is waited for, as most tests are not about that. */
  readonly inHaste?: boolean;
}

/** The reading side of the gateway on a port of its own, over real HTTP. */
export async function startReadingApp(
  databaseUrl: string,
  { logger = createLogger('silent', false), modules = [], inHaste = false }: ReadingAppOptions = {},
): Promise<ReadingApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgate-reading-'));
  const env = { LEADGATE_DATA_DIR: dataDir, LEADGATE_ADMIN_KEY: ADMIN_KEY };
  const parts = {
    settings: readSettings(env),
    logger,
    databaseUrl: inHaste ? databaseUrl : `${databaseUrl}?pool_timeout=60`,
    env,
    checkConfig: () => [],
    appendAuditEvents,
  };
  const app = await NestFactory.create(
    { module: class TestGateway {}, imports: [PlatformModule.with(parts), AuditModule, ReadingModule, ...modules] },
    { logger: false, abortOnError: false, bodyParser: false },
  );
  await app.get(FollowedApiKeys).start();
  serveApiDocs(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return {
    app,
    dataDir,
    url: `http://127.0.0.1:${port}`,
    readiness: app.get(Readiness),
    get: (path, key = ADMIN_KEY, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...headers, ...(key === null ? {} : { authorization: `Bearer ${key}` }) } }),
    close: async () => {
      await app.close();
      await app.get(FollowedApiKeys).stop();
      await app.get<PrismaClient>(PRISMA).$disconnect();
      await app.get<QueueBackend>(QUEUE_BACKEND).close();
      await app.get(Pools).end();
      await rm(dataDir, { recursive: true });
    },
  };
}
