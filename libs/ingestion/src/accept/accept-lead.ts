import type { Doorbell, LeadId } from '#core';
import { Coalescer, failpoint, inTransaction, isConnectionLoss, type Pool, ServerClock } from '#platform';
import { acceptBatch } from './accept-batch.js';
import { forQueue, type NewLead, type ReserveRings, ringsOf, toRing } from './lead-rings.js';
import { type OneLead, oneLeadOf, storeAtOnce } from './store-at-once.js';
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
const BEGIN_WITHIN_MS = 1500;

const FIND_LEADS = { name: 'find_leads_by_id', text: 'SELECT id, received_at FROM leads WHERE id = ANY ($1::uuid[])' };

/**
 * Stores requests, and leads with them, so that an answer may follow: when a promise of `accept` or `keep` resolves, everything it speaks of is
 * committed. Single submissions share commits (Coalescer); leads are rung after theirs.
 *
 * Ordinary leads are stored by one statement. Whatever is more than that, or turns out to be, takes a transaction that can say why, in a
 * queue of its own: what happens to it there changes nothing for leads that are committed.
 *
 * A connection lost during a flush leaves open whether it was committed. The ids are looked up on a new connection: what is there
 * counts as accepted, the rest is written once more. If that fails too, or its time is over, the submitters get the error and answer 503.
 */
export class AcceptLead {
  private readonly ordinary: Coalescer<OneLead, Date | null>;
  private readonly others: Coalescer<Submission, Acceptance | null>;
  private readonly clock: ServerClock;
  private readonly reserveRings: ReserveRings;

  constructor(
    private readonly pool: Pool,
    private readonly doorbell: Doorbell,
    private readonly options: AcceptLeadOptions,
  ) {
    const shared = {
      // In the order of their making; the keys that processes contend for are sorted where they are claimed.
      sortKey: ({ inbound }: Submission | OneLead) => inbound.id,
      bytes: ({ inbound }: Submission | OneLead) => inbound.body.length,
      maxWaitMs: MAX_WAIT_MS,
      ...(options.onFlush === undefined ? {} : { onFlush: options.onFlush }),
    };
    this.clock = new ServerClock(pool);
    this.reserveRings = ringsOf(doorbell);
    this.ordinary = new Coalescer<OneLead, Date | null>({ ...shared, name: 'accept', flush: (batch) => this.flushOrdinary(batch) });
    this.others = new Coalescer<Submission, Acceptance | null>({ ...shared, name: 'accept', flush: (batch) => this.flushOthers(batch) });
  }

  /** Makes the request's leads, as far as their keys have none yet. @throws when it could not be committed */
  async accept(submission: LeadSubmission): Promise<Acceptance> {
    const since = performance.now();
    const one = oneLeadOf(submission);
    const receivedAt = one === null ? null : await this.ordinary.submit(one, since);
    if (one !== null && receivedAt !== null) return { items: [{ kind: 'accepted', leadId: one.item.leadId, receivedAt }] };
    return (await this.others.submit(submission, since)) as Acceptance;
  }

  /** Keeps a refused request. @throws when it could not be committed */
  async keep(submission: RefusedSubmission): Promise<void> {
    await this.others.submit(submission);
  }

  /** Resolves when nothing is waiting or being written. */
  async drain(): Promise<void> {
    await this.ordinary.drain();
    // What has to go on there was handed over before this line is reached.
    await this.others.drain();
  }

  /** @returns when each was received; null: it is not ordinary after all */
  private async flushOrdinary(batch: readonly OneLead[]): Promise<readonly (Date | null)[]> {
    const began = performance.now();
    const stored = await this.commitOrdinary(batch).catch(async (error: unknown) => {
      const found = await this.findAfter(error, batch.map(newLeadOf), began);
      this.ring(idsOf(forQueue(batch.map(newLeadOf))).filter((leadId) => found.has(leadId)));
      const open = batch.filter(({ item }) => !found.has(item.leadId));
      return open.length === 0 ? found : new Map([...found, ...(await this.commitOrdinary(open))]);
    });
    return batch.map(({ item }) => stored.get(item.leadId) ?? null);
  }

  private async flushOthers(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    const began = performance.now();
    return this.commitOthers(batch).catch(async (error: unknown) => {
      const found = await this.findAfter(error, batch.flatMap(newLeadsOf), began);
      const settled = new Map<Submission, Acceptance | null>(batch.flatMap((submission) => foundWhole(submission, found)));
      this.ring(idsOf(forQueue([...settled.keys()].flatMap(newLeadsOf))));
      // Whatever is not found as a whole: not committed, or answered from an earlier lead, which a repeat finds out again.
      const open = batch.filter((submission) => !settled.has(submission));
      const again = open.length === 0 ? [] : await this.commitOthers(open);
      open.forEach((submission, index) => settled.set(submission, again[index] as Acceptance | null));
      return batch.map((submission) => settled.get(submission) ?? null);
    });
  }

  /** After a connection was lost: which leads of the flush are stored all the same. @throws the loss, where it is too late to write anything again */
  private async findAfter(loss: unknown, leads: readonly NewLead[], began: number): Promise<ReadonlyMap<LeadId, Date>> {
    if (!isConnectionLoss(loss)) throw loss;
    const { rows } = await this.pool.query<{ id: LeadId; received_at: Date }>({ ...FIND_LEADS, values: [idsOf(leads)] });
    if (rows.length === 0 && performance.now() > began + BEGIN_WITHIN_MS) throw loss;
    return new Map(rows.map((row) => [row.id, row.received_at]));
  }

  private async commitOrdinary(batch: readonly OneLead[]): Promise<ReadonlyMap<LeadId, Date>> {
    const leads = batch.map(newLeadOf);
    const rung = this.reserveRings(leads);
    const stored = await committing(async (beforeCommit) => {
      await beforeCommit();
      const beginBefore = (await this.clock.now()) + BEGIN_WITHIN_MS / 1000;
      return storeAtOnce(this.pool, batch, { rung, beginBefore });
    });
    this.ring(toRing(leads, rung).filter((leadId) => stored.has(leadId)));
    return stored;
  }

  private async commitOthers(batch: readonly Submission[]): Promise<readonly (Acceptance | null)[]> {
    const terms = {
      quarantineBytesPerDay: this.options.quarantineBytesPerDay,
      reserveRings: this.reserveRings,
    };
    const { acceptances, toRing } = await committing((beforeCommit) =>
      inTransaction(this.pool, async (client) => {
        const written = await acceptBatch(client, batch, terms);
        await beforeCommit();
        return written;
      }),
    );
    this.ring(toRing);
    return acceptances;
  }

  private ring(leadIds: readonly LeadId[]): void {
    if (leadIds.length > 0) this.doorbell.ringLeads(leadIds);
  }
}

/** The places of every commit where tests of faults break in. */
async function committing<Written>(write: (beforeCommit: () => Promise<void>) => Promise<Written>): Promise<Written> {
  await failpoint('accept_before_transaction');
  const written = await write(async () => {
    await failpoint('accept_before_commit');
  });
  await failpoint('accept_after_commit');
  return written;
}

function newLeadOf({ inbound: { tenantId }, item: { leadId }, claimSeconds }: OneLead): NewLead {
  return { leadId, tenantId, claimSeconds };
}

function newLeadsOf(submission: Submission): NewLead[] {
  if (submission.kind === 'refused') return [];
  const { inbound, items, claimSeconds } = submission;
  return items.map(({ leadId }) => ({ leadId, tenantId: inbound.tenantId, claimSeconds }));
}

function idsOf(leads: readonly NewLead[]): LeadId[] {
  return leads.map(({ leadId }) => leadId);
}

/** @returns the submission as it was accepted, where each of its leads was found */
function foundWhole(submission: Submission, found: ReadonlyMap<LeadId, Date>): [Submission, Acceptance][] {
  if (submission.kind === 'refused') return [];
  const items = submission.items.flatMap(({ leadId }): ItemAcceptance[] => {
    const receivedAt = found.get(leadId);
    return receivedAt === undefined ? [] : [{ kind: 'accepted', leadId, receivedAt }];
  });
  return items.length === submission.items.length ? [[submission, { items }]] : [];
}
