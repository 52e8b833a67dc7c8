import { getQueueToken } from '@nestjs/bullmq';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Queue, Worker } from 'bullmq';
import type { Job, WorkKind } from '#core';
import {
  DELIVER_QUEUE,
  type DueWork,
  type JobQueue,
  type Logger,
  PROCESS_QUEUE,
  QUEUE_OF_JOB,
  QUEUE_OF_WORK,
  type QueueBackend,
  type Relay,
  within,
} from '#platform';
import { endProcess } from './end-process.js';
import { isStuck, STUCK_SECONDS } from './is-stuck.js';
import { QueueModule, type QueueParts } from './queue.module.js';

const RETRY_MS = 1000;
const WATCH_MS = 5000;
const READY_LIMIT_MS = 15_000;
const CLOSE_LIMIT_MS = 5000;
const ENDING_LIMIT_MS = 250;
const COUNT_LIMIT_MS = 2000;
const SAME_ERROR_EVERY_MS = 10_000;

/**
 * Holds the queues of this process in a Nest context of their own, because they come and go apart from the rest: a BullMQ object built
 * while its server is away never recovers (measured), so the context is built when the server answers, and a watchdog builds it anew
 * when due work exists and nothing completes.
 */
export class QueueHost {
  private context: INestApplicationContext | undefined;
  private queues: readonly Queue[] = [];
  private workers: Worker[] = [];
  private lastCompletedAt = performance.now();
  private lastError = { message: '', at: 0 };
  private rebuilt = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private obstacle: string | null = null;

  constructor(
    private readonly backend: QueueBackend,
    private readonly parts: Omit<QueueParts, 'connection'>,
    private readonly relay: Relay,
    private readonly logger: Logger,
    private readonly due: DueWork,
  ) {}

  start(): void {
    this.schedule(0);
  }

  /** No further jobs are taken; jobs in hand go on. */
  async pause(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await Promise.all(this.workers.map((worker) => worker.pause(true)));
  }

  /** Waits for jobs in hand, for at most the time given: BullMQ's own close has no limit. */
  async close(limitMs = CLOSE_LIMIT_MS): Promise<void> {
    this.relay.useQueue(undefined);
    const { context } = this;
    this.context = undefined;
    this.queues = [];
    this.workers = [];
    if (context !== undefined) await withinOrLeft(limitMs, context.close());
  }

  private schedule(delay: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.round().then((next) => this.schedule(next));
    }, delay);
  }

  private async round(): Promise<number> {
    try {
      const obstacle = await this.backend.obstacle();
      if (obstacle !== this.obstacle && obstacle !== null) this.logger.warn({ component: 'queue' }, obstacle);
      this.obstacle = obstacle;
      if (this.context === undefined) {
        if (obstacle === null && !this.stopped) await this.build();
      } else if (obstacle === null) await this.watch();
    } catch (error) {
      this.reportOnce({ message: `it could not be built, trying again: ${(error as Error).message}` });
    }
    return this.context === undefined ? RETRY_MS : WATCH_MS;
  }

  private async build(): Promise<void> {
    const module = QueueModule.with({ ...this.parts, connection: this.backend.connection() });
    const context = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
    const queues = [PROCESS_QUEUE, DELIVER_QUEUE].map((name) => context.get<Queue>(getQueueToken(name), { strict: false }));
    const workers = this.parts.consumers.map(({ processor, concurrency }) => {
      const { worker } = context.get(processor, { strict: false });
      worker.concurrency = concurrency;
      return worker;
    });
    const report = (error: Error): void => this.reportOnce(error);
    for (const queue of queues) queue.on('error', report);
    for (const worker of workers) {
      worker.on('error', report);
      worker.on('ioredis:close', () => this.relay.suspectRings());
      worker.on('completed', () => this.completed());
      worker.on('failed', (_job, error) =>
        this.logger.warn({ component: 'queue', queue: worker.name }, `a job failed, its rows stay due: ${error.message}`),
      );
    }
    try {
      await within(READY_LIMIT_MS, Promise.all([...queues, ...workers].map((one) => one.waitUntilReady())));
    } catch (error) {
      await withinOrLeft(CLOSE_LIMIT_MS, context.close());
      throw error;
    }
    if (this.stopped) return withinOrLeft(CLOSE_LIMIT_MS, context.close());
    for (const worker of workers) void worker.run().catch(report);
    this.context = context;
    this.queues = queues;
    this.workers = workers;
    this.lastCompletedAt = performance.now();
    this.relay.useQueue(jobQueue(queues, this.backend));
    this.logger.info(
      { component: 'queue', backend: this.backend.name, consumers: this.workers.map(({ name }) => name) },
      'queue connected',
    );
  }

  /** BullMQ tells of a server that is away several times a second. */
  private reportOnce({ message }: Pick<Error, 'message'>): void {
    const now = performance.now();
    if (message === this.lastError.message && now - this.lastError.at < SAME_ERROR_EVERY_MS) return;
    this.lastError = { message, at: now };
    this.logger.warn({ component: 'queue' }, `queue: ${message}`);
  }

  private completed(): void {
    this.lastCompletedAt = performance.now();
    this.rebuilt = false;
  }

  private async watch(): Promise<void> {
    const quietSeconds = (performance.now() - this.lastCompletedAt) / 1000;
    if (this.workers.length === 0 || quietSeconds < STUCK_SECONDS) return;
    const [oldestLeadSeconds, oldestDeliverySeconds, waiting] = await Promise.all([
      this.oldest('leads'),
      this.oldest('deliveries'),
      Promise.all(this.queues.filter(({ name }) => this.consumes(name)).map(holdsJobs)),
    ]);
    const sending = this.parts.deliverLeads.busy;
    if (!isStuck({ quietSeconds, oldestLeadSeconds, oldestDeliverySeconds, sending, jobsWait: waiting.includes(true) })) return;
    if (this.rebuilt) {
      this.logger.fatal(
        { component: 'queue' },
        'due work exists and nothing completes, also after the queue was built anew: this process ends',
      );
      await endProcess(1, this.logger, ENDING_LIMIT_MS);
    }
    this.logger.error({ component: 'queue' }, 'due work exists and nothing completes: the queue is built anew');
    await this.close();
    this.rebuilt = true;
    await this.build();
  }

  /** Age of the oldest due row; work that other processes are there for does not count. */
  private async oldest(kind: WorkKind): Promise<number> {
    return this.consumes(QUEUE_OF_WORK[kind]) ? (await this.due.backlog(kind)).oldest : 0;
  }

  private consumes(queueName: string): boolean {
    return this.workers.some(({ name }) => name === queueName);
  }
}

/** A queue that does not answer counts as one with jobs. */
async function holdsJobs(queue: Queue): Promise<boolean> {
  let waiting = 1;
  const counts = queue.getJobCounts('waiting', 'prioritized').then((found) => {
    waiting = Object.values(found).reduce((sum, count) => sum + count, 0);
  });
  await withinOrLeft(COUNT_LIMIT_MS, counts);
  return waiting > 0;
}

function jobQueue(queues: readonly Queue[], backend: QueueBackend): JobQueue {
  return {
    incarnation: () => backend.incarnation(),
    add: async (jobs: readonly Job[]) => {
      await Promise.all(
        queues.map(async (queue) => {
          const own = jobs.filter((job) => QUEUE_OF_JOB[job.type] === queue.name);
          if (own.length > 0) await queue.addBulk(own.map((job) => ({ name: job.type, data: job })));
        }),
      );
    },
  };
}

async function withinOrLeft(milliseconds: number, work: Promise<unknown>): Promise<void> {
  await within(milliseconds, work).catch(() => {});
}
