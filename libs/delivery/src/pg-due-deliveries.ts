import type { DeliveryId, DestinationId, TenantId } from '#core';
import { Coalescer, type Metrics, type Pool } from '#platform';
import { DueDeliveries, type WaitingDelivery } from './due-deliveries.port.js';

const LOOK = `
  select id, tenant_id, destination_id, next_attempt_at <= clock_timestamp() as due
    from deliveries where id = any($1::uuid[]) and status in ('PENDING', 'RETRYING')`;

const UNRING = `
  update deliveries set rung_at = null
   where id = any($1::uuid[]) and status in ('PENDING', 'RETRYING') and rung_at is not null`;

const PARK = `
  update deliveries
     set next_attempt_at = clock_timestamp() + make_interval(secs => $2), rung_at = null, last_error = $3, updated_at = clock_timestamp()
   where id = any($1::uuid[]) and status in ('PENDING', 'RETRYING') and next_attempt_at <= clock_timestamp()`;

/** Jobs are small (the queue's worker decides), so looks of several jobs share a statement. */
export class PgDueDeliveries extends DueDeliveries {
  private readonly looks: Coalescer<DeliveryId, WaitingDelivery | null>;

  constructor(
    private readonly pool: Pool,
    metrics: Metrics,
  ) {
    super();
    this.looks = new Coalescer({
      name: 'look_deliveries',
      flush: (ids) => this.lookAt(ids),
      sortKey: (id) => id,
      onFlush: metrics.flushOf('look_deliveries'),
    });
  }

  override look(id: DeliveryId): Promise<WaitingDelivery | null> {
    return this.looks.submit(id);
  }

  override async unring(ids: readonly DeliveryId[]): Promise<void> {
    if (ids.length > 0) await this.pool.query(UNRING, [ids]);
  }

  override async park(ids: readonly DeliveryId[], seconds: number, reason: string): Promise<void> {
    if (ids.length > 0) await this.pool.query(PARK, [ids, seconds, reason]);
  }

  private async lookAt(ids: readonly DeliveryId[]): Promise<(WaitingDelivery | null)[]> {
    const { rows } = await this.pool.query<{ id: DeliveryId; tenant_id: TenantId; destination_id: DestinationId; due: boolean }>(LOOK, [
      ids,
    ]);
    const waiting = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => {
      const row = waiting.get(id);
      return row === undefined ? null : { id, tenantId: row.tenant_id, destinationId: row.destination_id, due: row.due };
    });
  }
}
