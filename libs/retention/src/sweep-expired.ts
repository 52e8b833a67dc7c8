import type { Pool, PoolClient } from 'pg';
import type { AuditActor, AuditEventInput, AuditTrail } from '#audit';
import type { TenantId } from '#core';
import { failpoint } from '#platform';
import { expiredRows, SWEPT_KINDS, type ExpiredRows, type RetentionTimes, type SweptKind } from './expired-rows.js';

/** Rows handled by kind. `elsewhere`: another process was sweeping, so this one did nothing. */
export interface SweepReport {
  readonly elsewhere: boolean;
  readonly rows: Readonly<Record<SweptKind, number>>;
}

/** Held by the process that sweeps, for as long as it does. The number is arbitrary. */
const SWEEP_LOCK = 2_718_281_828;

/**
 * Removes what has served its time:
 *
 * - idempotency records that expired more than an hour ago;
 * - claims that expired more than a day ago;
 * - refused requests (quarantine) older than LEADGATE_QUARANTINE_DAYS that never became a lead;
 * - orphan excerpts: the kept part of a CRM's answer when its lead was erased, or when the attempt is more than 90 days old. The attempt itself
 *   stays: when, how it ended, the status code;
 * - operator events older than 30 days.
 *
 * Batches are small transactions, each with its audit events (one per tenant touched; requests of no known tenant have no trail to
 * stand in). Any number of processes may ask; one does it.
 */
export class SweepExpired {
  private stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly times: RetentionTimes,
    private readonly trail: AuditTrail,
  ) {}

  /** Until nothing expired is left, or until `stop`. */
  async run(actor: AuditActor = 'relay'): Promise<SweepReport> {
    const rows = Object.fromEntries(SWEPT_KINDS.map((kind) => [kind, 0])) as Record<SweptKind, number>;
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      if (!(await tryLock(client))) return { elsewhere: true, rows };
      for (const kind of expiredRows(this.times)) {
        let swept = kind.batchRows;
        while (swept === kind.batchRows && !this.stopped) {
          swept = await this.batch(client, kind, actor);
          rows[kind.name] += swept;
        }
      }
      await client.query('SELECT pg_advisory_unlock($1)', [SWEEP_LOCK]);
      return { elsewhere: false, rows };
    } catch (error) {
      // Not handed back to the pool: it may be inside a transaction, and it holds the lock.
      broken = error as Error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** The batch in hand is finished, then the sweep ends. */
  stop(): void {
    this.stopped = true;
  }

  private async batch(client: PoolClient, { name, batchRows, sql, parameters }: ExpiredRows, actor: AuditActor): Promise<number> {
    await client.query('BEGIN');
    const { rows } = await client.query<{ tenantId: TenantId | null }>(sql, [batchRows, ...parameters]);
    await this.trail.append(client, eventsOf(name, rows, actor));
    await failpoint('sweep_before_commit');
    await client.query('COMMIT');
    return rows.length;
  }
}

function eventsOf(kind: SweptKind, rows: readonly { tenantId: TenantId | null }[], actor: AuditActor): AuditEventInput[] {
  const byTenant = new Map<TenantId, number>();
  for (const { tenantId } of rows) if (tenantId !== null) byTenant.set(tenantId, (byTenant.get(tenantId) ?? 0) + 1);
  return [...byTenant].map(([tenantId, count]) => ({ tenantId, type: 'sweep.finished', actor, detail: { kind, rows: count } }));
}

async function tryLock(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [SWEEP_LOCK]);
  return rows[0]?.mine === true;
}
