import type { Pool } from '#platform';
import type { UncheckedLeads } from './accelerated-claim-index.js';

/** Between the look that was skipped and the commit of its lead. */
const COMMITTED_AFTER_MS = 15_000;

/** Reads one entry of an index that is empty in ordinary times. */
const EXISTS = { name: 'unchecked_leads_exist', text: 'select id from leads where duplicate_check_skipped order by id limit 1' };

/** Asked once a second; until the first answer, and while Postgres does not answer, there may be some. */
export class PgUncheckedLeads implements UncheckedLeads {
  private seen = true;
  private expectedUntil = 0;

  constructor(private readonly pool: Pool) {}

  mayExist(): boolean {
    return this.seen || performance.now() < this.expectedUntil;
  }

  expect(): void {
    this.expectedUntil = performance.now() + COMMITTED_AFTER_MS;
  }

  async refresh(): Promise<void> {
    try {
      this.seen = (await this.pool.query(EXISTS)).rows.length > 0;
    } catch (error) {
      this.seen = true;
      throw error;
    }
  }
}
