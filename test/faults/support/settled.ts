import type pg from 'pg';
import { eventually } from '../../support/eventually.js';

/** Until every lead is at its end or held; asked of Postgres, because the gateways may be on their way up. */
export async function settled(owner: pg.Pool, limitSeconds: number): Promise<void> {
  await eventually(
    'every lead reaches its end',
    async () => {
      const open = await owner
        .query<{ n: number }>(`select count(*)::int as n from leads where status in ('RECEIVED', 'READY', 'FAILED')`)
        .catch(() => undefined);
      return open?.rows[0]?.n === 0 ? true : undefined;
    },
    limitSeconds,
  );
}
