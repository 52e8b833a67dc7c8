import { Redis } from 'ioredis';
import type { Logger, Pool } from '#platform';
import { Circuit } from './circuit.js';
import type { ClaimFilter, ClaimKey } from './claim-filter.port.js';
import { type ClaimPage, firstPage, PgClaimPages } from './pg-claim-pages.js';

/** What has not answered by then is not waited for; a look-up in Postgres takes about as long. */
const BUDGET_MS = 20;
/** 16 of the 32 bytes: two people meet in them as often as never. */
const KEY_BYTES = 16;
const PREFIX = 'lg:claim:';
/** Says that every claim of Postgres is in this Redis. It is gone after a flush or a restart, and is asked for so often that it is evicted last. */
const FILLED = 'lg:claims-filled';
/** Held by the process that fills. */
const FILLING = 'lg:claims-filling';
const FILLING_SECONDS = 30;
/** Of one round, which is a second: 25,000 claims. */
const PAGES_PER_ROUND = 5;
const HOUR_SECONDS = 3600;

/**
 * The claims of all processes in a Redis that may forget any of them: a cache with a memory limit and eviction, never the queue's Redis.
 * It says nothing while it does not hold what Postgres holds (`FILLED`): then one process fills it, page by page.
 * After three calls that fail or take longer than 20 ms nobody asks for a second, then two, up to half a minute.
 */
export class RedisClaims implements ClaimFilter {
  readonly name = 'redis';
  private readonly redis: Redis;
  private readonly circuit = new Circuit(() => performance.now());
  private readonly pages: PgClaimPages;
  private filled = false;
  private fits = false;
  private page: ClaimPage | null = null;
  private trouble = '';

  constructor(
    url: string,
    pool: Pool,
    private readonly logger: Logger,
    private readonly budgetMs = BUDGET_MS,
  ) {
    this.pages = new PgClaimPages(pool);
    this.redis = new Redis(url, {
      lazyConnect: true,
      // What one turn of the loop asks travels together.
      enableAutoPipelining: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 1000,
      disconnectTimeout: 100,
      retryStrategy: (times) => Math.min(times * 200, 2000),
    });
    this.redis.on('error', (error: Error) => this.tell(`the cache of claims is not used: ${error.message}`));
    this.redis.on('close', () => {
      this.filled = false;
      this.fits = false;
    });
  }

  async mayBeHeld(claims: readonly ClaimKey[]): Promise<boolean | null> {
    if (!this.filled) return null;
    const values = await this.call(() => this.redis.mget(claims.map(keyOf)));
    return values === null ? null : values.some((value) => value !== null);
  }

  remember(claims: readonly ClaimKey[], windowHours: number): void {
    if (this.fits)
      void this.call(() => Promise.all(claims.map((claim) => this.redis.set(keyOf(claim), '1', 'EX', windowHours * HOUR_SECONDS))));
  }

  /** One round: is it there, may it be used, does it hold the claims? Fills it where it does not. */
  async refresh(): Promise<void> {
    if (this.redis.status === 'wait' || this.redis.status === 'end') await this.redis.connect().catch(() => {});
    if (!this.fits && !(await this.checkFit())) return;
    const marked = await this.call(() => this.redis.exists(FILLED));
    this.filled = marked === 1;
    if (marked === 0) await this.fill();
  }

  close(): void {
    this.redis.disconnect();
  }

  private async checkFit(): Promise<boolean> {
    const memory = await this.call(() => this.redis.info('memory'), this.budgetMs * 10);
    if (memory === null) return false;
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? '';
    const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
    this.fits = limit > 0 && /^(allkeys|volatile)-/.test(policy);
    if (this.fits) this.tell('');
    else
      this.tell(
        `the cache of claims at REDIS_CACHE_URL is not used: it needs a Redis of its own with a memory limit and eviction, and this one has maxmemory ${limit} ` +
          `and maxmemory-policy ${policy}. Set them with: redis-cli config set maxmemory 256mb; redis-cli config set maxmemory-policy allkeys-lru`,
      );
    return this.fits;
  }

  private async fill(): Promise<void> {
    if (this.page === null) {
      if ((await this.call(() => this.redis.set(FILLING, '1', 'EX', FILLING_SECONDS, 'NX'))) !== 'OK') return;
      this.page = firstPage;
    }
    for (let pages = 0; pages < PAGES_PER_ROUND && this.page !== null; pages += 1) {
      const { claims, next } = await this.pages.read(this.page);
      const batch = this.redis.pipeline();
      for (const claim of claims) batch.set(keyOf(claim), '1', 'EX', Math.ceil(claim.secondsLeft));
      batch.expire(FILLING, FILLING_SECONDS);
      if (next === null) batch.set(FILLED, '1');
      if ((await this.call(() => batch.exec(), HOUR_SECONDS)) === null) return this.giveUpFilling();
      this.page = next;
    }
    if (this.page !== null) return;
    this.filled = true;
    this.logger.info({ component: 'dedup' }, 'the cache of claims holds what Postgres holds');
  }

  /** Begun anew, because nobody knows what was forgotten meanwhile. */
  private giveUpFilling(): void {
    this.page = null;
  }

  /** @returns null when it failed, took too long or was not tried */
  private async call<Result>(work: () => Promise<Result>, budgetMs = this.budgetMs): Promise<Result | null> {
    const admission = this.circuit.admits();
    if (admission === null) return null;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${budgetMs} ms`)), budgetMs);
    });
    try {
      const answering = work();
      answering.catch(() => {});
      const result = await Promise.race([answering, late]);
      this.circuit.succeeded();
      return result;
    } catch (error) {
      if (this.circuit.failed(admission)) this.restUsing(error);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Until a call succeeds. What it had was perhaps lost, and answers that still come belong to nobody: the connection is made anew. */
  private restUsing(error: unknown): void {
    if (this.filled) this.tell(`the cache of claims is not asked: ${error instanceof Error ? error.message : 'it failed'}`);
    this.filled = false;
    this.fits = false;
    this.page = null;
    if (this.redis.status === 'ready') this.redis.disconnect(true);
  }

  /** Every trouble once, and its end. */
  private tell(trouble: string): void {
    if (trouble === this.trouble) return;
    if (trouble === '') this.logger.info({ component: 'dedup' }, 'the cache of claims can be used');
    else this.logger.warn({ component: 'dedup' }, trouble);
    this.trouble = trouble;
  }
}

function keyOf({ fingerprint }: ClaimKey): string {
  return PREFIX + fingerprint.toString('base64url', 0, KEY_BYTES);
}
