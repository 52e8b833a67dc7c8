import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '#platform';
import { inTransaction, sqlStateOf } from '#platform';
import type { Pool, PoolClient } from 'pg';
import { formatHead } from './chain-verdict.js';
import { CHAINED_EVENT_COLUMNS, GENESIS_HASH, linkHash, type ChainedEvent } from './chain-hash.js';

export interface AuditChainerOptions {
  /** Events per transaction: the lock and the round trips are shared by all of them. 1,000 took about 90 ms on a busy 2-core machine. */
  readonly batchRows: number;
  /** Batches of one tenant before the next tenant has its turn, so that a backlog of one does not delay the others. */
  readonly batchesPerTurn: number;
  /** Pause between runs that found nothing more to do. */
  readonly pauseMillis: number;
  /** How often the head of a chain is logged: kept outside the database, such a line shows a tail cut off later. */
  readonly headLogMillis: number;
}

export const AUDIT_CHAINER_DEFAULTS: AuditChainerOptions = {
  batchRows: 1000,
  batchesPerTurn: 20,
  pauseMillis: 1000,
  headLogMillis: 3_600_000,
};

export interface ChainRun {
  /** Links added by this run. */
  readonly chained: number;
  /** A tenant used up its turn, so there is probably more. */
  readonly more: boolean;
}

interface Link {
  readonly seq: bigint;
  readonly hash: Buffer;
}

type WaitingEvent = ChainedEvent & { readonly alreadyChained: boolean };

/**
 * Links the events of the trail, behind the transactions that wrote them: hashing inside those would make every commit of a tenant
 * wait for the one before it.
 *
 * Per tenant and under an advisory lock, so that any number of processes may run it and one of them chains a tenant at a time. A link
 * says that its event existed, unchanged, before the next link was made; the order within a tenant is the order of chaining, which
 * follows the ids except where a transaction committed late.
 *
 * What waits is read from `audit_unchained`. Its row and the link change places in one transaction: an event is chained once. Rows
 * whose event is gone or belongs to another tenant stay there as evidence for `leadgate audit verify`.
 */
export class AuditChainer {
  private stopping: AbortController | undefined;
  private loop: Promise<void> = Promise.resolve();
  private readonly headLoggedAt = new Map<string, number>();

  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
    private readonly options: AuditChainerOptions = AUDIT_CHAINER_DEFAULTS,
  ) {}

  /** Chains what waits now, a turn for each tenant. A tenant whose lock another process holds is left to that process. */
  async runOnce(): Promise<ChainRun> {
    let chained = 0;
    let more = false;
    for (const tenantId of await this.tenantsWaiting()) {
      const turn = await this.chainTenant(tenantId);
      chained += turn.chained;
      more ||= turn.more;
    }
    return { chained, more };
  }

  /** Runs until `stop`. A run that fails (database away) is tried again after the pause; the first of a row of failures is logged. */
  start(): void {
    if (this.stopping !== undefined) return;
    this.stopping = new AbortController();
    this.loop = this.runUntil(this.stopping.signal);
  }

  /** Resolves when the batch in work is committed. */
  async stop(): Promise<void> {
    this.stopping?.abort();
    await this.loop;
    this.stopping = undefined;
  }

  private async runUntil(stopped: AbortSignal): Promise<void> {
    let failing = false;
    while (!stopped.aborted) {
      let more = false;
      try {
        ({ more } = await this.runOnce());
        failing = false;
      } catch (error) {
        const code = sqlStateOf(error) ?? 'unreachable';
        if (!failing) this.logger.warn({ component: 'audit', code }, 'the audit chain could not be continued and is tried again');
        failing = true;
      }
      if (!more) await delay(this.options.pauseMillis, undefined, { signal: stopped }).catch(() => undefined);
    }
  }

  /** Hops from tenant to tenant through the primary key: the cost is one look-up per tenant, not one row per waiting event. */
  private async tenantsWaiting(): Promise<string[]> {
    const { rows } = await this.pool.query<{ tenant_id: string }>(
      `WITH RECURSIVE hop AS (
         (SELECT tenant_id FROM audit_unchained ORDER BY tenant_id LIMIT 1)
         UNION ALL
         SELECT (SELECT tenant_id FROM audit_unchained WHERE tenant_id > hop.tenant_id ORDER BY tenant_id LIMIT 1)
           FROM hop WHERE hop.tenant_id IS NOT NULL
       ) SELECT tenant_id FROM hop WHERE tenant_id IS NOT NULL`,
    );
    return rows.map((row) => row.tenant_id);
  }

  private async chainTenant(tenantId: string): Promise<ChainRun> {
    let chained = 0;
    for (let batch = 0; batch < this.options.batchesPerTurn; batch += 1) {
      if (this.stopping?.signal.aborted) return { chained, more: true };
      const taken = await inTransaction(this.pool, (client) => this.chainBatch(client, tenantId));
      chained += taken.chained;
      if (!taken.more) return { chained, more: false };
    }
    return { chained, more: true };
  }

  private async chainBatch(client: PoolClient, tenantId: string): Promise<ChainRun> {
    const lock = await client.query<{ mine: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended('leadgate audit chain ' || $1, 0)) AS mine`,
      [tenantId],
    );
    if (!lock.rows[0]?.mine) return { chained: 0, more: false };

    const waiting = await this.waitingEvents(client, tenantId);
    if (waiting.length === 0) return { chained: 0, more: false };
    const fresh = waiting.filter((event) => !event.alreadyChained);
    const head = await this.append(client, tenantId, fresh);
    await client.query('DELETE FROM audit_unchained WHERE tenant_id = $1 AND event_id = ANY ($2::uuid[])', [
      tenantId,
      waiting.map((event) => event.id),
    ]);
    this.logHead(tenantId, head);
    return { chained: fresh.length, more: waiting.length === this.options.batchRows };
  }

  private async waitingEvents(client: PoolClient, tenantId: string): Promise<WaitingEvent[]> {
    const { rows } = await client.query<WaitingEvent>({
      name: 'audit_waiting_events',
      text: `SELECT ${CHAINED_EVENT_COLUMNS},
                    EXISTS (SELECT FROM audit_chain link WHERE link.event_id = event.id) AS "alreadyChained"
               FROM audit_unchained waiting
               JOIN audit_events event ON event.id = waiting.event_id AND event.tenant_id = waiting.tenant_id
              WHERE waiting.tenant_id = $1
              ORDER BY waiting.event_id
              LIMIT $2`,
      values: [tenantId, this.options.batchRows],
    });
    return rows;
  }

  private async append(client: PoolClient, tenantId: string, events: readonly ChainedEvent[]): Promise<Link> {
    const last = await client.query<{ seq: string; hash: Buffer }>(
      'SELECT seq, hash FROM audit_chain WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1',
      [tenantId],
    );
    let head: Link = last.rows[0] ? { seq: BigInt(last.rows[0].seq), hash: last.rows[0].hash } : { seq: 0n, hash: GENESIS_HASH };
    const links: Link[] = [];
    for (const event of events) {
      const seq = head.seq + 1n;
      head = { seq, hash: linkHash(head.hash, seq, event) };
      links.push(head);
    }
    await client.query({
      name: 'audit_append_links',
      text: `INSERT INTO audit_chain (tenant_id, seq, event_id, hash)
             SELECT $1, seq, event_id, hash FROM unnest($2::bigint[], $3::uuid[], $4::bytea[]) AS link (seq, event_id, hash)`,
      values: [tenantId, links.map((link) => link.seq.toString()), events.map((event) => event.id), links.map((link) => link.hash)],
    });
    return head;
  }

  private logHead(tenantId: string, head: Link): void {
    const now = Date.now();
    if (now - (this.headLoggedAt.get(tenantId) ?? 0) < this.options.headLogMillis) return;
    this.headLoggedAt.set(tenantId, now);
    this.logger.info({ tenant: tenantId, head: formatHead(tenantId, head.seq, head.hash) }, 'audit chain head');
  }
}
