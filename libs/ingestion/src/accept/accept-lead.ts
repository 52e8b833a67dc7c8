import type { Doorbell, InboundRequestId, LeadId } from '#core';
import { Coalescer, inTransaction, isConnectionLoss, type Pool } from '#platform';
import { acceptBatch, type BatchResult } from './accept-batch.js';
import type { Acceptance, LeadSubmission, RefusedSubmission, Submission } from './submission.js';

export interface AcceptLeadOptions {
  readonly quarantineBytesPerDay: number;
  /** Rows and seconds of each group commit. */
  readonly onFlush?: (rows: number, seconds: number) => void;
}

/**
 * Parts of the 5 s in which a request is answered (door.ts): what would begin later could be stored after its sender was told that it
 * was not, and would stand there twice when the sender repeats it.
 */
const MAX_WAIT_MS = 3000;
const REWRITE_WITHIN_MS = 1500;

const FIND_LEADS = {
  name: 'find_leads_of_requests',
  text: 'SELECT id, inbound_request_id FROM leads WHERE inbound_request_id = ANY ($1::uuid[])',
};

/**
 * Stores requests, and leads with them, so that an answer may follow: when a promise of `accept` or `keep` resolves, everything it speaks of is
 * committed. Single submissions share transactions (Coalescer); leads are rung after their commit.
 *
 * A connection lost during a flush leaves open whether it was committed. The ids are looked up on a new connection: what is there
 * counts as accepted, the rest is written once more. If that fails too, or its time is over, the submitters get the error and answer 503.
 */
export class AcceptLead {
  private readonly coalescer: Coalescer<Submission, Acceptance | null>;

  constructor(
    private readonly pool: Pool,
    private readonly doorbell: Doorbell,
    private readonly options: AcceptLeadOptions,
  ) {
    this.coalescer = new Coalescer<Submission, Acceptance | null>({
      name: 'accept',
      flush: (batch) => this.flush(batch),
      sortKey: uniqueKeyOf,
      bytes: ({ inbound }) => inbound.body.length,
      maxWaitMs: MAX_WAIT_MS,
      ...(options.onFlush === undefined ? {} : { onFlush: options.onFlush }),
    });
  }

  /** Makes the request a lead, unless its key already has one. @throws when it could not be committed */
  accept(submission: LeadSubmission): Promise<Acceptance> {
    return this.coalescer.submit(submission) as Promise<Acceptance>;
  }

  /** Keeps a refused request. @throws when it could not be committed */
  async keep(submission: RefusedSubmission): Promise<void> {
    await this.coalescer.submit(submission);
  }

  /** Resolves when nothing is waiting or being written. */
  drain(): Promise<void> {
    return this.coalescer.drain();
  }

  private async flush(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    const began = performance.now();
    try {
      return await this.commit(batch);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      return this.settleLostFlush(batch, error, began + REWRITE_WITHIN_MS);
    }
  }

  private async settleLostFlush(batch: readonly Submission[], loss: unknown, until: number): Promise<readonly (Acceptance | null)[]> {
    const ids = batch.filter(({ kind }) => kind === 'lead').map(({ inbound }) => inbound.id);
    const { rows } = await this.pool.query<{ id: LeadId; inbound_request_id: InboundRequestId }>({ ...FIND_LEADS, values: [ids] });
    if (rows.length > 0) this.doorbell.ringLeads(rows.map(({ id }) => id));
    else if (performance.now() > until) throw loss;
    const found = new Set(rows.map((row) => row.inbound_request_id));
    const missing = batch.filter(({ inbound }) => !found.has(inbound.id));
    const again = missing.length === 0 ? [] : await this.commit(missing);
    const settled = new Map(missing.map((submission, index) => [submission, again[index] as Acceptance | null]));
    return batch.map((submission) => (settled.has(submission) ? (settled.get(submission) ?? null) : { kind: 'accepted' }));
  }

  private async commit(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    const result: BatchResult = await inTransaction(this.pool, (client) =>
      acceptBatch(client, batch, {
        quarantineBytesPerDay: this.options.quarantineBytesPerDay,
        reserveRing: (leads) => this.doorbell.reserve('leads', leads),
      }),
    );
    if (result.toRing.length > 0) this.doorbell.ringLeads(result.toRing);
    return result.acceptances;
  }
}

/** Idempotency records are what two processes contend for, so keyed submissions sort by them. */
function uniqueKeyOf(submission: Submission): string {
  const { inbound } = submission;
  if (submission.kind === 'refused' || submission.key === null) return inbound.id;
  return `${inbound.tenantId}\n${inbound.sourceId}\n${submission.key.sha256.toString('hex')}`;
}
