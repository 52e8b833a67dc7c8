import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { PrismaClient } from '@prisma/client';
import { FollowedApiKeys } from '#access';
import { appendAuditEvents, AuditModule } from '#audit';
import { AcceptLead, FrontDoorAdapter, IngestionModule } from '#ingestion';
import { FollowedKeyRings, KeysModule } from '#keys';
import { PipelineModule } from '#pipeline';
import { ConfigStore, createLogger, PlatformModule, Pools, PRISMA, QUEUE_BACKEND, type QueueBackend, readSettings } from '#platform';
import { Readiness, ReadingModule } from '#reading';
import { TelemetryModule } from '#telemetry';
import { PROJECT_ROOT } from './child-process.js';
import { patient } from './gateway-process.js';
import { sendTo, type Answer, type Sending } from './open-door.js';

export const ADMIN_KEY = 'the-admin-key-of-the-tests';

export interface IngestionApp {
  readonly app: INestApplication;
  readonly port: number;
  /** As a sender does that keeps its promise: 503 means that nothing was taken, so it comes again. */
  send(sending: Sending): Promise<Answer>;
  sendOnce(sending: Sending): Promise<Answer>;
  /** With the admin key unless told otherwise; asks again after 503. */
  get(path: string, key?: string | null): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * The gateway's doors as modules, with the shipped configuration and without any queue. 250 ms for a lock of the duplicate check, as in a gateway;
 * what a slow machine takes besides, for a connection or a statement, is not what these tests are about.
 */
export async function startIngestionApp(databaseUrl: string, environment: Readonly<Record<string, string>> = {}): Promise<IngestionApp> {
  const dataDir = await mkdtemp(join(tmpdir(), 'leadgate-ingestion-'));
  const env = { LEADGATE_DATA_DIR: dataDir, LEADGATE_ADMIN_KEY: ADMIN_KEY, LEADGATE_RATE_LIMIT_PER_MINUTE: '0', ...environment };
  const settings = readSettings(env, PROJECT_ROOT);
  const parts = {
    settings,
    logger: createLogger('silent', false),
    databaseUrl: `${databaseUrl}?pool_timeout=60`,
    env,
    checkConfig: () => [],
    appendAuditEvents,
  };
  const imports = [PlatformModule.with(parts), AuditModule, TelemetryModule, KeysModule, PipelineModule, ReadingModule, IngestionModule];
  const app = await NestFactory.create({ module: class TestGateway {}, imports }, new FrontDoorAdapter(), {
    logger: false,
    abortOnError: false,
    bodyParser: false,
  });
  Object.assign(app.get(Pools).claims.options, { statement_timeout: 60_000, query_timeout: 60_000 });
  await app.listen(0, '127.0.0.1');
  await app.get(FollowedApiKeys).start();
  await app.get(FollowedKeyRings).start();
  await app.get(ConfigStore).start();
  app.get(Readiness).open();
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return {
    app,
    port,
    send: (sending) => patient('a request', () => sendTo(port, sending)),
    sendOnce: (sending) => sendTo(port, sending),
    get: (path, key = ADMIN_KEY) =>
      patient(`GET ${path}`, () => sendTo(port, { method: 'GET', path, headers: key === null ? {} : { authorization: `Bearer ${key}` } })),
    close: async () => {
      await app.close();
      await app.get(FollowedApiKeys).stop();
      await app.get(FollowedKeyRings).stop();
      await app.get(ConfigStore).stop();
      await app.get(AcceptLead, { strict: false }).drain();
      await app.get<PrismaClient>(PRISMA).$disconnect();
      await app.get<QueueBackend>(QUEUE_BACKEND).close();
      await app.get(Pools).end();
      await rm(dataDir, { recursive: true });
    },
  };
}
