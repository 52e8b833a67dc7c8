import { canDeliveryBecome, type DeliveryId, type DeliveryStatus, type DestinationId, type TenantId } from '#core';
import { Coalescer, type Metrics, type Pool, UNRING } from '#platform';
import { DueDeliveries, type WaitingDelivery } from './due-deliveries.port.js';

/**
 * Rows are found by their ids and judged afterwards. With the status in the table's own condition Postgres may take the index of due rows
 * instead and read all of it: a whole backlog for ten ids (measured).
 */
const LOOK = `
  select id, tenant_id, destination_id, status, next_attempt_at <= clock_timestamp() as due from deliveries where id = any($1::uuid[])`;

const WAITING = `
  with waiting as materialized (
    select id, status, next_attempt_at from deliveries where id = any($1::uuid[]) order by id for no key update)`;

const PARK = `${WAITING}
  update deliveries
     set next_attempt_at = clock_timestamp() + make_interval(secs => $2), rung_at = null, last_error = $3, updated_at = clock_timestamp()
    from waiting
   where deliveries.id = waiting.id and waiting.status in ('PENDING', 'RETRYING') and waiting.next_attempt_at <= clock_timestamp()`;

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
    if (ids.length > 0) await this.pool.query({ ...UNRING.deliveries, values: [ids] });
  }

  override async park(ids: readonly DeliveryId[], seconds: number, reason: string): Promise<void> {
    if (ids.length > 0) await this.pool.query(PARK, [ids, seconds, reason]);
  }

  private async lookAt(ids: readonly DeliveryId[]): Promise<(WaitingDelivery | null)[]> {
    const { rows } = await this.pool.query<{
      id: DeliveryId;
      tenant_id: TenantId;
      destination_id: DestinationId;
      status: DeliveryStatus;
      due: boolean;
    }>(LOOK, [ids]);
    const waiting = new Map(rows.filter(({ status }) => canDeliveryBecome(status, 'SENDING')).map((row) => [row.id, row]));
    return ids.map((id) => {
      const row = waiting.get(id);
      return row === undefined ? null : { id, tenantId: row.tenant_id, destinationId: row.destination_id, due: row.due };
    });
  }
}
