import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { appendAuditEvents } from '#audit';
import { DeliverLeads } from '#delivery';
import { AcceptLead, FrontDoorAdapter } from '#ingestion';
import { LeadStore } from '#pipeline';
import { type Environment, type Logger, nestLogger, PRISMA, Pools, proveOutboundRules, type Settings, within } from '#platform';
import { ShadowJudge } from '#policy';
import { Readiness, serveApiDocs } from '#reading';
import type { PrismaClient } from '@prisma/client';
import { Background } from './background.js';
import { endProcess } from './end-process.js';
import { GatewayModule } from './gateway.module.js';
import { waitForPostgres } from './postgres-gate.js';

/** SIGTERM to exit, all steps together (FAULTS D.10). */
const STOP_LIMIT_SECONDS = 30;
/** For rounds under way and rings: one may wait for a server that hangs, and calls in flight need the time more (measured: an operator webhook). */
const QUIET_LIMIT_MS = 6000;
const HTTP_LIMIT_MS = 5000;
/** By then everything accepted is in Postgres; a disk that hangs would keep the file of a drop from being closed. */
const CLOSE_LIMIT_MS = 3000;
/**
 * From SIGTERM, whatever the steps before took: calls in flight are then broken off and recorded as unknown. What remains is enough for
 * closing queues whose server does not answer (5 s), for closing the rest (3 s) and for what is on a thread (3 s, main.ts).
 */
const SEND_UNTIL_SECONDS = 19;

/** A running gateway. */
export class Gateway {
  private stopping: Promise<void> | undefined;
  private stopped = false;

  private constructor(
    private readonly app: INestApplication,
    private readonly background: Background,
    private readonly settings: Settings,
    private readonly logger: Logger,
  ) {}

  /** @throws when it could be made to call this machine */
  static async create(settings: Settings, databaseUrl: string, logger: Logger, env: Environment): Promise<Gateway> {
    await proveOutboundRules();
    const app = await NestFactory.create(
      GatewayModule.with({ settings, logger, databaseUrl, env, appendAuditEvents }),
      new FrontDoorAdapter(),
      {
        bodyParser: false,
        logger: nestLogger(logger),
        abortOnError: false,
      },
    );
    serveApiDocs(app);
    return new Gateway(app, new Background(app, settings), settings, logger);
  }

  /** Also without Postgres; the rest starts when Postgres answers. @throws when the port is taken */
  async listen(): Promise<void> {
    const { http, roles } = this.settings;
    await this.app.listen(http.port, http.host).catch((error: unknown) => {
      if (!this.stopped) throw error;
    });
    if (this.stopped) return;
    this.logger.info({ url: await this.app.getUrl(), roles }, 'listening');
  }

  async url(): Promise<string> {
    return this.app.getUrl();
  }

  /** Resolves when everything behind the door runs. @throws when Postgres answers but is not set up to keep what it commits */
  async ready(): Promise<void> {
    const pools = this.app.get(Pools);
    if (!(await waitForPostgres(pools.relay, this.logger, () => this.stopped))) return;
    await this.background.start();
    // A stop that came meanwhile has closed it for good.
    if (!this.stopped) this.app.get(Readiness).open();
  }

  /**
   * Drains in an order in which nothing accepted is lost and nothing is sent twice: not ready (and a moment for load balancers to notice) → no rings and no new jobs → the door
   * closes and open requests are answered → calls in flight finish or are recorded as unknown → queues → coalescers → Postgres.
   */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  private async drain(): Promise<void> {
    const deadline = setTimeout(() => {
      this.logger.fatal('draining took too long: what is unfinished is taken up again from Postgres');
      void endProcess(1, this.logger, 0);
    }, STOP_LIMIT_SECONDS * 1000);
    const began = performance.now();
    this.stopped = true;
    this.app.get(Readiness).close();
    await pause(this.settings.http.drainSeconds * 1000);
    await within(QUIET_LIMIT_MS, this.background.quiet()).catch((error: unknown) =>
      this.logger.warn(`the drain goes on without waiting for its rounds: ${(error as Error).message}`),
    );
    await Promise.race([this.app.getHttpAdapter().close(), pause(HTTP_LIMIT_MS)]);
    // A sender in the middle of a body would keep `app.close()` below waiting: Node's own time limits end with the listening.
    this.app.getHttpServer().closeAllConnections();
    const passedSeconds = (performance.now() - began) / 1000;
    await this.app.get(DeliverLeads).stop({ deadlineSeconds: Math.max(0, SEND_UNTIL_SECONDS - passedSeconds) });
    await this.background.stop();
    if (this.settings.roles.includes('api')) await this.app.get(AcceptLead, { strict: false }).drain();
    await this.app.get(LeadStore).drain();
    await this.app.get(ShadowJudge, { strict: false }).drain();
    await within(CLOSE_LIMIT_MS, this.close()).catch((error: unknown) =>
      this.logger.warn(`not everything could be closed: ${(error as Error).message}`),
    );
    clearTimeout(deadline);
    this.logger.info('stopped: everything accepted is in Postgres');
  }

  private async close(): Promise<void> {
    // None waits for another: a pool does not end while a round beside it has a connection.
    await Promise.all([this.app.close(), this.app.get<PrismaClient>(PRISMA).$disconnect(), this.app.get(Pools).end()]);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
