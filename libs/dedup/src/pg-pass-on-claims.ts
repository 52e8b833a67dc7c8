import type { LeadId } from '#core';
import type { PoolClient } from '#platform';

export interface HeldClaim {
  readonly kind: string;
  readonly fingerprint: Buffer;
}

/** In the order in which claims are written, so that whoever passes them on and a batch of claims wait for each other instead of in a circle. */
const LOCK = {
  name: 'lock_claims_of_lead',
  text: `select kind, fingerprint from identity_claims where lead_id = $1 order by tenant_id, kind, fingerprint for update`,
};

/** The window of the claim begins anew: until now the heir was nobody's earlier lead. */
const PASS = {
  name: 'pass_claims_on',
  text: `update identity_claims
            set lead_id = $2, claimed_at = statement_timestamp(), expires_at = statement_timestamp() + (expires_at - claimed_at)
          where lead_id = $1 and kind = any($3::text[])`,
};

/** What the lead holds, locked until the end of the transaction. */
export async function lockClaims(client: PoolClient, leadId: LeadId): Promise<readonly HeldClaim[]> {
  return (await client.query<HeldClaim>({ ...LOCK, values: [leadId] })).rows;
}

/** Claims of these kinds, under every key, go from one lead to another one of the same tenant that has the same identities. */
export async function passClaims(client: PoolClient, from: LeadId, to: LeadId, kinds: readonly string[]): Promise<void> {
  if (kinds.length > 0) await client.query({ ...PASS, values: [from, to, kinds] });
}
