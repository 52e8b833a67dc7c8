import type { Pool, PoolClient } from 'pg';
import { CHAINED_EVENT_COLUMNS, GENESIS_HASH, linkHash, type ChainedEvent } from './chain-hash.js';
import { formatHead, MAX_PROBLEMS, type ChainProblem, type ChainVerdict, type ExpectedHead, type TenantChain } from './chain-verdict.js';

export interface VerifyOptions {
  /** Only this tenant's chain. */
  readonly tenantId?: string;
  /** Heads kept outside the database; each must still stand in its chain. */
  readonly expectedHeads?: readonly ExpectedHead[];
}

/** Rows per fetch: bounds the memory of a verification whatever the length of the trail. */
const FETCH_ROWS = 2000;

/** A link with its event; every member of the event is null when the event is gone. */
type LinkRow = { [Member in keyof ChainedEvent]: ChainedEvent[Member] | null } & {
  readonly chainTenantId: string;
  readonly seq: string;
  readonly hash: Buffer;
  readonly linkedEventId: string;
};

/**
 * Recomputes every link and names what does not fit.
 *
 * One read-only snapshot shows links, events and waiting rows as of one moment, so events appended and chained meanwhile disturb
 * nothing. Each link is checked against the stored hash before it: one changed event is one problem, not one per link after it.
 *
 * What the tables alone cannot show: a tail of which events, links and waiting rows are all gone, and a chain recomputed from some
 * point on by somebody who may write as a superuser. Both show against a head kept outside (`expectedHeads`).
 */
export async function verifyAuditChain(pool: Pool, options: VerifyOptions = {}): Promise<ChainVerdict> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await new Verification(client, options).run();
  } finally {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (error: Error) => client.release(error),
    );
  }
}

interface ChainSoFar {
  readonly tenantId: string;
  links: number;
  seq: bigint;
  hash: Buffer;
  readonly headsToFind: ExpectedHead[];
}

class Verification {
  private readonly problems: ChainProblem[] = [];
  private problemCount = 0;
  private readonly tenants = new Map<string, TenantChain>();

  constructor(
    private readonly client: PoolClient,
    private readonly options: VerifyOptions,
  ) {}

  async run(): Promise<ChainVerdict> {
    let chain: ChainSoFar | undefined;
    for await (const row of this.rows<LinkRow>(LINKS, [this.options.tenantId ?? null])) {
      if (chain?.tenantId !== row.chainTenantId) {
        if (chain !== undefined) this.close(chain);
        chain = this.open(row.chainTenantId);
      }
      this.check(chain, row);
    }
    if (chain !== undefined) this.close(chain);
    await this.checkUnchained();
    for (const head of this.options.expectedHeads ?? []) if (!this.tenants.get(head.tenantId)?.head) this.headMissing(head);
    return { ok: this.problemCount === 0, tenants: [...this.tenants.values()], problems: this.problems, problemCount: this.problemCount };
  }

  private open(tenantId: string): ChainSoFar {
    const headsToFind = (this.options.expectedHeads ?? []).filter((head) => head.tenantId === tenantId);
    return { tenantId, links: 0, seq: 0n, hash: GENESIS_HASH, headsToFind };
  }

  private check(chain: ChainSoFar, row: LinkRow): void {
    const seq = BigInt(row.seq);
    const at = { tenantId: chain.tenantId, seq: row.seq, eventId: row.linkedEventId };
    // After a gap the next link has nothing to be checked against; the one after it has.
    const provable = seq === chain.seq + 1n;
    if (!provable) this.linkMissing(chain, row);
    if (!isWhole(row)) {
      this.problem({ ...at, kind: 'event_missing', detail: `event ${row.linkedEventId} was chained as number ${row.seq} and is gone` });
    } else if (row.tenantId !== chain.tenantId) {
      const detail = `event ${row.id} was chained as number ${row.seq} of ${chain.tenantId} and now says it belongs to ${row.tenantId}`;
      this.problem({ ...at, kind: 'event_of_other_tenant', detail });
    } else if (provable && !linkHash(chain.hash, seq, row).equals(row.hash)) {
      const detail = `event ${row.id}, number ${row.seq}, does not fit its hash: it or its link was edited, or took another's place`;
      this.problem({ ...at, kind: 'event_changed', detail });
    }
    chain.links += 1;
    chain.seq = seq;
    chain.hash = row.hash;
    this.findHeads(chain);
  }

  private findHeads(chain: ChainSoFar): void {
    if (chain.headsToFind.length === 0) return;
    const hash = chain.hash.toString('hex');
    const found = chain.headsToFind.findIndex((head) => head.hash === hash && (head.seq === null || head.seq === chain.seq));
    if (found >= 0) chain.headsToFind.splice(found, 1);
  }

  private close(chain: ChainSoFar): void {
    const head = formatHead(chain.tenantId, chain.seq, chain.hash);
    this.tenants.set(chain.tenantId, { tenantId: chain.tenantId, links: chain.links, waiting: 0, head });
    for (const missing of chain.headsToFind) this.headMissing(missing);
  }

  /** Events without a link: those that wait are counted, the others are problems. */
  private async checkUnchained(): Promise<void> {
    for await (const row of this.rows<UnchainedRow>(UNCHAINED, [this.options.tenantId ?? null])) {
      const tenantId = row.tenantId ?? row.waitingTenantId ?? '';
      const tenant = this.tenants.get(tenantId) ?? { tenantId, links: 0, waiting: 0, head: null };
      const eventId = row.eventId;
      if (row.waitingTenantId === null) {
        const detail = `event ${eventId} has no link and does not wait for one: it was inserted past the gateway, or its link was removed`;
        this.problem({ kind: 'event_not_chained', tenantId, seq: null, eventId, detail });
      } else if (row.tenantId !== row.waitingTenantId) {
        const detail = `event ${eventId} of ${row.waitingTenantId} ${row.tenantId === null ? 'was removed' : `was moved to ${row.tenantId}`} before it was chained`;
        this.problem({ kind: 'waiting_event_missing', tenantId: row.waitingTenantId, seq: null, eventId, detail });
      } else {
        this.tenants.set(tenantId, { ...tenant, waiting: tenant.waiting + 1 });
      }
    }
  }

  private linkMissing(chain: ChainSoFar, next: LinkRow): void {
    const first = chain.seq + 1n;
    const last = BigInt(next.seq) - 1n;
    const missing = first === last ? `link ${first} is missing` : `links ${first} to ${last} are missing`;
    const detail = `${missing}; the next link is that of event ${next.linkedEventId}`;
    this.problem({ kind: 'link_missing', tenantId: chain.tenantId, seq: first.toString(), eventId: null, detail });
  }

  private headMissing(head: ExpectedHead): void {
    const { tenantId, hash } = head;
    const seq = head.seq?.toString() ?? null;
    const detail = `the head ${seq === null ? hash : `${tenantId}:${seq}:${hash}`} is not in the chain: its end was cut off, or it was written anew`;
    this.problem({ kind: 'head_missing', tenantId, seq, eventId: null, detail });
  }

  private problem(problem: ChainProblem): void {
    this.problemCount += 1;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }

  private async *rows<Row extends object>(query: string, values: unknown[]): AsyncGenerator<Row> {
    await this.client.query(`DECLARE audit_rows NO SCROLL CURSOR FOR ${query}`, values);
    for (;;) {
      const { rows } = await this.client.query<Row>(`FETCH ${FETCH_ROWS} FROM audit_rows`);
      yield* rows;
      if (rows.length < FETCH_ROWS) break;
    }
    await this.client.query('CLOSE audit_rows');
  }
}

const LINKS = `SELECT link.tenant_id AS "chainTenantId", link.seq::text AS "seq", link.hash AS "hash", link.event_id::text AS "linkedEventId",
                      ${CHAINED_EVENT_COLUMNS}
                 FROM audit_chain link
                 LEFT JOIN audit_events event ON event.id = link.event_id
                WHERE $1::text IS NULL OR link.tenant_id = $1
                ORDER BY link.tenant_id, link.seq`;

interface UnchainedRow {
  readonly eventId: string;
  /** null when the event is gone. */
  readonly tenantId: string | null;
  /** null when it does not wait. */
  readonly waitingTenantId: string | null;
}

const UNCHAINED = `SELECT coalesce(event.id, waiting.event_id)::text AS "eventId", event.tenant_id AS "tenantId", waiting.tenant_id AS "waitingTenantId"
                     FROM audit_events event
                     FULL JOIN audit_unchained waiting ON waiting.event_id = event.id
                    WHERE ($1::text IS NULL OR event.tenant_id = $1 OR waiting.tenant_id = $1)
                      AND NOT EXISTS (SELECT FROM audit_chain link WHERE link.event_id = coalesce(event.id, waiting.event_id))
                    ORDER BY 1`;

function isWhole(row: LinkRow): row is LinkRow & ChainedEvent {
  return row.id !== null;
}
