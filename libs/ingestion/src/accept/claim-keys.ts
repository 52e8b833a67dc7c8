import { createHash } from 'node:crypto';
import type { LeadId } from '#core';
import type { PoolClient } from '#platform';
import type { KeyClaim, KeyHolder, LeadSubmission } from './submission.js';

/** The lead a key stands for, with what decides whether another request under it is the same one. */
export interface Winner extends KeyHolder {
  readonly bodyFingerprint: Buffer;
  readonly bodySha256: Buffer;
}

export type KeyedSubmission = LeadSubmission & { readonly key: KeyClaim };

/**
 * An expired record is taken over in the same statement. DO UPDATE rather than DO NOTHING because it also locks a record that is not
 * taken over, so that the sweep cannot remove it before READ_WINNERS has seen it. Closes the race between two requests with one key in
 * any number of processes; not that of a sender who sends again after the record expired.
 */
const CLAIM = {
  name: 'claim_idempotency_keys',
  text: `INSERT INTO idempotency_records AS record (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
         SELECT tenant_id, source_id, key_sha256, body_fingerprint, lead_id, clock_timestamp() + make_interval(hours => ttl_hours)
           FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::int[])
             AS claim (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, ttl_hours)
         ON CONFLICT (tenant_id, source_id, key_sha256) DO UPDATE
            SET body_fingerprint = excluded.body_fingerprint, lead_id = excluded.lead_id,
                created_at = clock_timestamp(), expires_at = excluded.expires_at
          WHERE record.expires_at <= clock_timestamp()
         RETURNING lead_id`,
};

/** A statement of its own: the one that lost cannot see the row it lost to. */
const READ_WINNERS = {
  name: 'read_idempotency_winners',
  text: `SELECT asked.position::int AS position, record.lead_id, record.body_fingerprint, lead.correlation_id, inbound.body_sha256
           FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS asked (tenant_id, source_id, key_sha256, position)
           JOIN idempotency_records record USING (tenant_id, source_id, key_sha256)
           JOIN leads lead ON lead.id = record.lead_id
           JOIN inbound_requests inbound ON inbound.id = lead.inbound_request_id`,
};

interface WinnerRow {
  readonly position: number;
  readonly lead_id: LeadId;
  readonly body_fingerprint: Buffer;
  readonly correlation_id: string;
  readonly body_sha256: Buffer;
}

/** Equal for requests that contend for one key. */
export function keyScopeOf({ inbound, key }: KeyedSubmission): string {
  return `${inbound.tenantId}\n${inbound.sourceId}\n${key.sha256.toString('hex')}`;
}

/**
 * Claims the key of every submission for its lead; equal keys in one call share one row, the first of them claims.
 * @returns who holds each key now, by keyScopeOf
 */
export async function claimKeys(client: PoolClient, submissions: readonly KeyedSubmission[]): Promise<Map<string, Winner>> {
  const claimants = new Map<string, KeyedSubmission>();
  for (const submission of submissions) {
    const scope = keyScopeOf(submission);
    if (!claimants.has(scope)) claimants.set(scope, submission);
  }
  const holders = new Map<string, Winner>();
  if (claimants.size === 0) return holders;

  const claims = [...claimants.values()];
  const { rows } = await client.query<{ lead_id: LeadId }>({
    ...CLAIM,
    values: [
      ...scopeColumns(claims),
      claims.map(({ key }) => key.bodyFingerprint),
      claims.map(({ leadId }) => leadId),
      claims.map(({ key }) => key.ttlHours),
    ],
  });
  const won = new Set(rows.map((row) => row.lead_id));
  const lost: [scope: string, KeyedSubmission][] = [];
  for (const [scope, claim] of claimants) {
    if (won.has(claim.leadId)) holders.set(scope, winnerOf(claim));
    else lost.push([scope, claim]);
  }
  if (lost.length > 0) {
    const found = await client.query<WinnerRow>({ ...READ_WINNERS, values: scopeColumns(lost.map(([, claim]) => claim)) });
    for (const row of found.rows) {
      const [scope] = lost[row.position - 1] as [string, KeyedSubmission];
      holders.set(scope, {
        leadId: row.lead_id,
        correlationId: row.correlation_id,
        bodyFingerprint: row.body_fingerprint,
        bodySha256: row.body_sha256,
      });
    }
  }
  return holders;
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function winnerOf({ leadId, inbound, key }: KeyedSubmission): Winner {
  return {
    leadId,
    correlationId: inbound.correlationId,
    bodyFingerprint: key.bodyFingerprint,
    get bodySha256() {
      return sha256(inbound.body);
    },
  };
}

function scopeColumns(claims: readonly KeyedSubmission[]): [string[], string[], Buffer[]] {
  return [
    claims.map(({ inbound }) => inbound.tenantId),
    claims.map(({ inbound }) => inbound.sourceId),
    claims.map(({ key }) => key.sha256),
  ];
}
