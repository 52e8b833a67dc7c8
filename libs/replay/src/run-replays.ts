import type { InboundRequestId, LeadId } from '#core';
import { NO_RINGS, type ReleaseRequest, StillRefused } from '#ingestion';
import {
  Conflict,
  failpoint,
  inTransaction,
  isDatabaseUnavailable,
  isRepeatable,
  type Logger,
  NotFound,
  type Pool,
  type PoolClient,
} from '#platform';
import { HELD_FOR_DELIVERY, type LeadWish } from './plan-lead-replay.js';
import { replayLeads } from './pg-lead-replays.js';
import {
  collectPage,
  type DoneItem,
  finishReplay,
  type LockedReplay,
  lockReplay,
  markItems,
  nextItems,
  openReplays,
} from './pg-replays.js';
import type { Replay, ReplayId } from './replay.js';

/** Items of one transaction: their leads stay locked for its length. */
const ITEMS_A_ROUND = 50;
/** A release takes the door's way with its own locks, one request at a time. */
const RELEASES_A_ROUND = 1;
const REPLAYS_A_ROUND = 50;
/** Of one call, so that a shutdown and other replays wait no longer. */
const WORK_MS = 500;

type Round = 'went_on' | 'nothing_now';

/**
 * Takes up what replays are about, each at its rate. Any number of processes may do it at once: whoever holds a replay's row works on it,
 * and the others pass over it.
 *
 * A round is one transaction: what became of each item is committed with the effect on its lead. A process that dies in a round leaves it
 * undone as a whole, and the next one does it; an item that has an outcome is never taken up again.
 */
export class RunReplays {
  constructor(
    private readonly pool: Pool,
    private readonly releaseRequest: Pick<ReleaseRequest, 'releaseIn'>,
    private readonly logger: Logger,
  ) {}

  /** @returns how many rounds found something to do */
  async runOnce(): Promise<number> {
    const until = performance.now() + WORK_MS;
    let rounds = 0;
    for (const id of await openReplays(this.pool, REPLAYS_A_ROUND)) {
      while ((await this.round(id)) === 'went_on') {
        rounds += 1;
        if (performance.now() > until) return rounds;
      }
    }
    return rounds;
  }

  /** What is found for a replay that was just asked for, as far as it goes in `milliseconds`; the rest is found in the background. */
  async collect(id: ReplayId, milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds;
    const page = (): Promise<boolean> =>
      inTransaction(this.pool, async (client) => {
        const replay = await lockReplay(client, id);
        return replay?.status === 'COLLECTING' && (await collectPage(client, replay));
      });
    while ((await page()) && performance.now() < until);
  }

  private async round(id: ReplayId): Promise<Round> {
    try {
      return await inTransaction(this.pool, (client) => this.roundIn(client, id, ITEMS_A_ROUND));
    } catch (error) {
      if (isDatabaseUnavailable(error) || isRepeatable(error)) throw error;
      return this.roundsOfOne(id);
    }
  }

  /** One of them cannot be taken up: each by itself, so that the others can. */
  private async roundsOfOne(id: ReplayId): Promise<Round> {
    try {
      return await inTransaction(this.pool, (client) => this.roundIn(client, id, 1));
    } catch (error) {
      if (isDatabaseUnavailable(error) || isRepeatable(error)) throw error;
      this.logger.error(
        { replay_id: id, error_name: error instanceof Error ? error.name : typeof error },
        'an item of a replay could not be taken up because of a fault',
      );
      return inTransaction(this.pool, (client) => this.passOverFaulty(client, id));
    }
  }

  private async passOverFaulty(client: PoolClient, id: ReplayId): Promise<Round> {
    const replay = await lockReplay(client, id);
    if (replay?.status !== 'RUNNING') return 'nothing_now';
    const [itemId] = await nextItems(client, replay, 1);
    if (itemId !== undefined) await markItems(client, replay, [{ itemId, cause: 'faulty', detail: null }]);
    return 'went_on';
  }

  private async roundIn(client: PoolClient, id: ReplayId, most: number): Promise<Round> {
    const replay = await lockReplay(client, id);
    if (replay === undefined) return 'nothing_now';
    if (replay.status === 'COLLECTING') {
      await collectPage(client, replay);
      return 'went_on';
    }
    const limit = Math.min(replay.allowed, replay.kind === 'release' ? RELEASES_A_ROUND : most);
    if (limit < 1) return 'nothing_now';
    const items = await nextItems(client, replay, limit);
    if (items.length === 0) {
      await finishReplay(client, replay);
      return 'nothing_now';
    }
    await markItems(client, replay, await this.takeUp(client, replay, items));
    await failpoint('replay_before_commit');
    return 'went_on';
  }

  private async takeUp(client: PoolClient, replay: LockedReplay, items: readonly string[]): Promise<DoneItem[]> {
    if (replay.kind === 'release') return Promise.all(items.map((itemId) => this.release(client, replay, itemId as InboundRequestId)));
    const { tenantId, requestedBy: actor, reason, id: replayId } = replay;
    const leadIds = items as readonly LeadId[];
    const replayed = await replayLeads(client, leadWishOf(replay), { leadIds, tenantId, behalf: { actor, reason, replayId } });
    return leadIds.map((itemId) => {
      const outcome = replayed.get(itemId)?.outcome ?? { kind: 'skipped', cause: 'gone' };
      return outcome.kind === 'replayed' ? { itemId, cause: null, detail: null } : { itemId, cause: outcome.cause, detail: null };
    });
  }

  private async release(client: PoolClient, replay: Replay, itemId: InboundRequestId): Promise<DoneItem> {
    const { tenantId, requestedBy: actor, id: replayId, reason } = replay;
    await client.query('savepoint release');
    try {
      const detail = { replayId, reason };
      const { leads } = await this.releaseRequest.releaseIn(client, { actor, tenantId, detail }, itemId, {
        source: null,
        reserveRings: NO_RINGS,
      });
      return leads.some(({ created }) => created)
        ? { itemId, cause: null, detail: null }
        : { itemId, cause: 'released_before', detail: null };
    } catch (error) {
      const skipped = refusalOf(error);
      if (skipped === null) throw error;
      await client.query('rollback to savepoint release');
      return { itemId, ...skipped };
    }
  }
}

/** In bulk, a held delivery is sent again only where its reason was named: a repetition may be a second effect. */
export function leadWishOf({ kind, filter }: Replay): LeadWish {
  if (kind === 'release') throw new Error('A release is about requests, not about leads.');
  const { destination, failure_class, hold_reason } = filter;
  return {
    kind,
    destinationId: (destination ?? null) as LeadWish['destinationId'],
    failureClasses: failure_class ?? (hold_reason === undefined ? null : []),
    holdReasons: HELD_FOR_DELIVERY.filter((reason) => hold_reason?.includes(reason) === true),
  };
}

const CONFLICTS = {
  body_truncated: 'body_truncated',
  source_gone: 'source_gone',
  source_unknown: 'source_unknown',
  idempotency_key_reused: 'key_reused',
} as const;

function refusalOf(error: unknown): Pick<DoneItem, 'cause' | 'detail'> | null {
  if (error instanceof NotFound) return { cause: 'gone', detail: null };
  if (error instanceof StillRefused) return { cause: 'still_refused', detail: error.code };
  if (!(error instanceof Conflict)) return null;
  return { cause: CONFLICTS[error.code as keyof typeof CONFLICTS] ?? 'still_refused', detail: error.code };
}
