import type { Doorbell, LeadId } from '#core';
import { Coalescer, failpoint, inTransaction, isConnectionLoss, type Pool } from '#platform';
import { acceptBatch, type BatchResult } from './accept-batch.js';
import { oneLeadsOf, storeAtOnce } from './store-at-once.js';
import type { Acceptance, ItemAcceptance, LeadSubmission, RefusedSubmission, Submission } from './submission.js';

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

const FIND_LEADS = { name: 'find_leads_by_id', text: 'SELECT id, received_at FROM leads WHERE id = ANY ($1::uuid[])' };

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
      // In the order of their making; the keys that processes contend for are sorted where they are claimed.
      sortKey: ({ inbound }) => inbound.id,
      bytes: ({ inbound }) => inbound.body.length,
      maxWaitMs: MAX_WAIT_MS,
      ...(options.onFlush === undefined ? {} : { onFlush: options.onFlush }),
    });
  }

  /** Makes the request's leads, as far as their keys have none yet. @throws when it could not be committed */
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
    const leads = batch.flatMap((submission) => (submission.kind === 'lead' ? [submission] : []));
    const ids = leads.flatMap(({ items }) => items.map(({ leadId }) => leadId));
    const { rows } = await this.pool.query<{ id: LeadId; received_at: Date }>({ ...FIND_LEADS, values: [ids] });
    if (rows.length === 0 && performance.now() > until) throw loss;
    const receivedAt = new Map(rows.map((row) => [row.id, row.received_at]));
    this.ringStored(leads, receivedAt);

    const settled = new Map<Submission, Acceptance | null>();
    for (const submission of leads) {
      const items = submission.items.flatMap(({ leadId }) => acceptedAt(leadId, receivedAt.get(leadId)));
      if (items.length === submission.items.length) settled.set(submission, { items });
    }
    // Whatever is not found as a whole: not committed, or answered from an earlier lead, which a repeat finds out again.
    const open = batch.filter((submission) => !settled.has(submission));
    const again = open.length === 0 ? [] : await this.commit(open);
    open.forEach((submission, index) => settled.set(submission, again[index] as Acceptance | null));
    return batch.map((submission) => settled.get(submission) ?? null);
  }

  private ringStored(submissions: readonly LeadSubmission[], stored: ReadonlyMap<LeadId, Date>): void {
    const toRing = submissions.flatMap(({ items, claimSeconds }) =>
      claimSeconds === null ? items.map(({ leadId }) => leadId).filter((leadId) => stored.has(leadId)) : [],
    );
    if (toRing.length > 0) this.doorbell.ringLeads(toRing);
  }

  /** Ordinary leads by one statement; whatever is more than that, or turns out to be, by a transaction that can say why. */
  private async commit(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    await failpoint('accept_before_transaction');
    const receivedAt = await this.commitAtOnce(batch);
    const others = batch.filter((submission) => !isStored(submission, receivedAt));
    const acceptances = others.length === 0 ? [] : await this.commitOthers(others);
    const settled = new Map(others.map((submission, index) => [submission, acceptances[index] as Acceptance | null]));
    return batch.map((submission) => {
      const acceptance = settled.get(submission);
      if (acceptance !== undefined || submission.kind === 'refused') return acceptance ?? null;
      return { items: submission.items.flatMap(({ leadId }) => acceptedAt(leadId, receivedAt.get(leadId))) };
    });
  }

  private async commitAtOnce(batch: readonly Submission[]): Promise<ReadonlyMap<LeadId, Date>> {
    const leads = oneLeadsOf(batch);
    if (leads.length === 0) return new Map();
    const forQueue = leads.flatMap(({ item, claimSeconds }) => (claimSeconds === null ? [item.leadId] : []));
    const rung = forQueue.length > 0 && this.doorbell.reserve('leads', forQueue.length);
    await failpoint('accept_before_commit');
    const stored = await storeAtOnce(this.pool, leads, rung);
    await failpoint('accept_after_commit');
    const toRing = forQueue.filter((leadId) => stored.has(leadId));
    if (rung && toRing.length > 0) this.doorbell.ringLeads(toRing);
    return stored;
  }

  private async commitOthers(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    const result: BatchResult = await inTransaction(this.pool, async (client) => {
      const written = await acceptBatch(client, batch, {
        quarantineBytesPerDay: this.options.quarantineBytesPerDay,
        reserveRing: (leads) => this.doorbell.reserve('leads', leads),
      });
      await failpoint('accept_before_commit');
      return written;
    });
    await failpoint('accept_after_commit');
    if (result.toRing.length > 0) this.doorbell.ringLeads(result.toRing);
    return result.acceptances;
  }
}

function acceptedAt(leadId: LeadId, receivedAt: Date | undefined): ItemAcceptance[] {
  return receivedAt === undefined ? [] : [{ kind: 'accepted', leadId, receivedAt }];
}

function isStored(submission: Submission, receivedAt: ReadonlyMap<LeadId, Date>): boolean {
  return submission.kind === 'lead' && submission.items.every(({ leadId }) => receivedAt.has(leadId));
}
