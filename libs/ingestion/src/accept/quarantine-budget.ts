import type { PoolClient } from '#platform';
import { sha256 } from './claim-keys.js';
import type { RowToStore } from './store-rows.js';

/** What is kept of a body over the cap or over the budget. CONTRACTS, general rules. */
export const KEPT_BYTES = 4096;

const SPENT = {
  name: 'quarantine_bytes_today',
  text: `SELECT coalesce((SELECT bytes FROM quarantine_days WHERE day = (clock_timestamp() AT TIME ZONE 'UTC')::date), 0)::float8 AS bytes`,
};
const SPEND = {
  name: 'spend_quarantine_bytes',
  text: `INSERT INTO quarantine_days AS spent (day, bytes) VALUES ((clock_timestamp() AT TIME ZONE 'UTC')::date, $1)
         ON CONFLICT (day) DO UPDATE SET bytes = spent.bytes + excluded.bytes`,
};

/**
 * Cuts what does not become a lead to its first 4 KiB, with the size and SHA-256 of the whole, once the day's bytes are used up. The
 * budget is one for all processes; several that pass the line at the same moment may overshoot it by a flush each.
 */
export async function withinQuarantineBudget(client: PoolClient, rows: readonly RowToStore[], bytesPerDay: number): Promise<RowToStore[]> {
  if (rows.every(({ leads }) => leads.length > 0)) return [...rows];
  const { rows: answer } = await client.query<{ bytes: number }>(SPENT);
  let left = bytesPerDay - (answer[0]?.bytes ?? 0);
  return rows.map((row) => {
    if (row.leads.length > 0) return row;
    left -= row.inbound.body.length;
    if (left >= 0 || row.inbound.body.length <= KEPT_BYTES) return row;
    const { inbound } = row;
    return {
      ...row,
      inbound: { ...inbound, body: inbound.body.subarray(0, KEPT_BYTES), bodyTruncated: true },
      bodySha256: sha256(inbound.body),
    };
  });
}

/** Last in the transaction: every process adds to the same row, so its lock must be short. */
export async function spendQuarantineBudget(client: PoolClient, rows: readonly RowToStore[]): Promise<void> {
  const bytes = rows.reduce((sum, { leads, inbound }) => (leads.length === 0 ? sum + inbound.body.length : sum), 0);
  if (bytes > 0) await client.query({ ...SPEND, values: [bytes] });
}
