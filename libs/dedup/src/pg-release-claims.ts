import type { LeadId } from '#core';
import type { PoolClient } from '#platform';

/** In the order in which claims are written, so that a release and a batch of claims wait for each other instead of in a circle. */
const RELEASE = {
  name: 'release_claims',
  text: `WITH held AS (
           SELECT tenant_id, kind, fingerprint FROM identity_claims WHERE lead_id = $1 ORDER BY tenant_id, kind, fingerprint FOR UPDATE)
         DELETE FROM identity_claims AS claim USING held
          WHERE claim.tenant_id = held.tenant_id AND claim.kind = held.kind AND claim.fingerprint = held.fingerprint
         RETURNING claim.kind`,
};

/**
 * Gives up the lead's claims, in the caller's transaction: the next lead of that person is no duplicate of this one.
 * @returns how many identities it held; the rows of one identity under several keys count once
 */
export async function releaseClaims(client: PoolClient, leadId: LeadId): Promise<number> {
  const { rows } = await client.query<{ kind: string }>({ ...RELEASE, values: [leadId] });
  return new Set(rows.map(({ kind }) => kind)).size;
}
