import type { IdentityKind, TenantId } from '#core';
import type { Pool } from '#platform';
import type { ClaimKey } from './claim-filter.port.js';

export interface ClaimPage {
  readonly tenantId: string;
  readonly kind: string;
  readonly fingerprint: Buffer;
}

export const firstPage: ClaimPage = { tenantId: '', kind: '', fingerprint: Buffer.alloc(0) };

export interface PagedClaim extends ClaimKey {
  readonly secondsLeft: number;
}

const SIZE = 5000;
const READ = {
  name: 'read_claims_page',
  text: `select tenant_id as "tenantId", kind, fingerprint, extract(epoch from expires_at - clock_timestamp())::float8 as "secondsLeft"
           from identity_claims where (tenant_id, kind, fingerprint) > ($1, $2, $3)
          order by tenant_id, kind, fingerprint limit ${SIZE}`,
};

/** All claims that have not expired, in the order of their key, 5,000 rows at a time. */
export class PgClaimPages {
  constructor(private readonly pool: Pool) {}

  /** @returns `next` is null after the last page */
  async read(after: ClaimPage): Promise<{ claims: PagedClaim[]; next: ClaimPage | null }> {
    const { rows } = await this.pool.query<{ tenantId: TenantId; kind: IdentityKind; fingerprint: Buffer; secondsLeft: number }>({
      ...READ,
      values: [after.tenantId, after.kind, after.fingerprint],
    });
    return { claims: rows.filter(({ secondsLeft }) => secondsLeft > 0), next: rows.length < SIZE ? null : (rows.at(-1) ?? null) };
  }
}
