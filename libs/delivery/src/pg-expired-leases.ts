import type { DeliveryId, DestinationId, LeadId, TenantId } from '#core';
import type { Pool } from '#platform';
import type { AttemptRef } from './attempt.js';
import { ExpiredLeases } from './expired-leases.port.js';

const FIND = `
  select deliveries.id, deliveries.tenant_id, lead_id, destination_id, attempt_no, attempts_before, leads.request_id
    from deliveries join leads on leads.id = deliveries.lead_id
   where deliveries.status = 'SENDING' and lease_until < clock_timestamp()
   order by lease_until limit $1`;

const POSTPONE = `
  update deliveries
     set lease_until = clock_timestamp() + make_interval(secs => $2), last_error = $3, updated_at = clock_timestamp()
   where id = any($1::uuid[]) and status = 'SENDING' and lease_until < clock_timestamp()`;

export class PgExpiredLeases extends ExpiredLeases {
  constructor(private readonly pool: Pool) {
    super();
  }

  override async find(limit: number): Promise<AttemptRef[]> {
    const { rows } = await this.pool.query<{
      id: DeliveryId;
      tenant_id: TenantId;
      lead_id: LeadId;
      destination_id: DestinationId;
      attempt_no: number;
      attempts_before: number;
      request_id: string;
    }>(FIND, [limit]);
    return rows.map((row) => ({
      deliveryId: row.id,
      tenantId: row.tenant_id,
      leadId: row.lead_id,
      destinationId: row.destination_id,
      attemptNo: row.attempt_no,
      attemptsBefore: row.attempts_before,
      requestId: row.request_id,
      // If it was one, its turn ends by itself and the next call is the probe.
      probe: false,
    }));
  }

  override async postpone(attempts: readonly AttemptRef[], seconds: number, reason: string): Promise<void> {
    await this.pool.query(POSTPONE, [attempts.map(({ deliveryId }) => deliveryId), seconds, reason]);
  }
}
