import type { LeadId } from '#core';
import type { Logger, Pool } from '#platform';
import { BloomFilter } from './bloom-filter.js';
import type { ClaimFilter, ClaimKey } from './claim-filter.port.js';
import { type ClaimPage, firstPage, PgClaimPages } from './pg-claim-pages.js';

/** 2,000,000 identities at one wrong "held" in a thousand: 3.6 MB. */
const ITEMS = 2_000_000;
const RATE = 0.001;
/** Pages of one round, which is a second: 100,000 claims, about a tenth of one core. */
const PAGES_PER_ROUND = 20;
const TELL_EVERY = 500_000;

/** In the order of their leads' ids, which is the order in which they arrived, so that no index of moments is needed for this. */
const NEWER = {
  name: 'newer_claims',
  text: `select fingerprint, lead_id from identity_claims where lead_id > $1 order by lead_id limit 20000`,
};
const NEWEST = { name: 'newest_claim', text: `select lead_id from identity_claims order by lead_id desc limit 1` };
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000' as LeadId;

/**
 * The claims of all processes as far as this one knows, in 3.6 MB. It says nothing before it has read what Postgres holds. Afterwards it
 * follows the claims of the other processes by the ids of their leads; of claims it misses that way (a lead that was held and goes on), Postgres knows.
 * Expired claims stay in it; when it has become too full, it is made anew.
 */
export class PgBloomClaims implements ClaimFilter {
  readonly name = 'bloom';
  private filter: BloomFilter;
  private page: ClaimPage | null = firstPage;
  private followed: LeadId | null = null;
  private readonly pages: PgClaimPages;
  private told = 0;

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
    private readonly items = ITEMS,
  ) {
    this.pages = new PgClaimPages(pool);
    this.filter = new BloomFilter(items, RATE);
  }

  get warm(): boolean {
    return this.page === null;
  }

  mayBeHeld(claims: readonly ClaimKey[]): boolean | null {
    return this.warm ? claims.some(({ fingerprint }) => this.filter.mayHave(fingerprint)) : null;
  }

  remember(claims: readonly ClaimKey[]): void {
    for (const { fingerprint } of claims) this.filter.add(fingerprint);
  }

  /** One round of warming up or following. */
  async refresh(): Promise<void> {
    if (this.page !== null) await this.warmUp();
    else await this.follow();
    if (this.warm && this.filter.count > this.filter.items) this.startAnew();
  }

  private async warmUp(): Promise<void> {
    // What is claimed while this reads is followed from here on.
    this.followed ??= (await this.pool.query<{ lead_id: LeadId }>(NEWEST)).rows[0]?.lead_id ?? BEFORE_ALL;
    for (let pages = 0; pages < PAGES_PER_ROUND && this.page !== null; pages += 1) {
      const { claims, next } = await this.pages.read(this.page);
      this.remember(claims);
      this.page = next;
    }
    const { count } = this.filter;
    if (this.warm) this.logger.info({ component: 'dedup', identities: count }, 'the Bloom filter of claims is warm');
    else if (count - this.told >= TELL_EVERY) {
      this.told = count;
      this.logger.info({ component: 'dedup', identities: count }, 'the Bloom filter of claims is being warmed');
    }
  }

  private async follow(): Promise<void> {
    const { rows } = await this.pool.query<{ fingerprint: Buffer; lead_id: LeadId }>({ ...NEWER, values: [this.followed ?? BEFORE_ALL] });
    for (const { fingerprint } of rows) this.filter.add(fingerprint);
    this.followed = rows.at(-1)?.lead_id ?? this.followed;
  }

  /** Twice as large as what is known to be in the table may turn out to be, so that this does not come back at once. */
  private startAnew(): void {
    const items = Math.max(this.items, this.filter.count * 2);
    this.logger.info({ component: 'dedup', identities: this.filter.count, items }, 'the Bloom filter of claims is full and is made anew');
    this.filter = new BloomFilter(items, RATE);
    this.page = firstPage;
    this.followed = null;
    this.told = 0;
  }
}
