import type pg from 'pg';
import { eventually } from '../../support/eventually.js';

const OPEN = `('RECEIVED', 'READY', 'FAILED')`;

/** Until every lead is at its end or held; asked of Postgres, because the gateways may be on their way up. */
export async function settled(owner: pg.Pool, limitSeconds: number): Promise<void> {
  await eventually(
    'every lead reaches its end',
    async () => {
      const open = await owner.query<{ n: number }>(`select count(*)::int as n from leads where status in ${OPEN}`).catch(() => undefined);
      return open?.rows[0]?.n === 0 ? true : undefined;
    },
    limitSeconds,
    () => whatIsOpen(owner),
  );
}

/** A few of the leads that are on their way, with everything that says what they wait for. */
async function whatIsOpen(owner: pg.Pool): Promise<string> {
  const { rows } = await owner.query(
    `select lead.id, lead.status, lead.crash_count, lead.claimed_until, lead.rung_at, delivery.status as delivery, delivery.attempt_no,
            delivery.lease_until, delivery.rung_at as delivery_rung_at, delivery.next_attempt_at, clock_timestamp() as now, count(*) over ()::int as open
       from leads lead left join deliveries delivery on delivery.lead_id = lead.id and delivery.superseded_at is null
      where lead.status in ${OPEN} order by lead.id limit 5`,
  );
  return `Open are: ${rows.map((row) => JSON.stringify(row)).join('\n')}`;
}
