import type { ClaimRequest } from '#dedup';
import type { DecidedLead } from './lead-store.port.js';

/**
 * What a journey claims: only a lead that goes on or is held holds its identities, and only where its duplicate check was made.
 * @returns null when it claims nothing
 */
export function claimRequestOf({ lead, config, journey }: DecidedLead): ClaimRequest | null {
  const { outcome, facts } = journey;
  if ((outcome.kind !== 'continue' && outcome.kind !== 'hold') || facts.duplicateCheckSkipped !== false) return null;
  const { identities: compared, window_hours: windowHours } = config.config.dedup;
  const fingerprints = (facts.fingerprints ?? []).filter(({ kind }) => compared.includes(kind));
  if (fingerprints.length === 0) return null;
  const hinted = facts.duplicateOf !== undefined && facts.duplicateOf !== null;
  const presumed = facts.presumedNew === true;
  return { tenantId: lead.tenantId, leadId: lead.id, fingerprints, windowHours, hinted, presumed };
}

/** What a lead is found by without its e-mail or phone being readable: under the tenant's current key. */
export interface BlindIndex {
  /** As text that Postgres reads as bytea. */
  readonly email_fingerprint: string | null;
  readonly phone_fingerprint: string | null;
  /** null: the lead has neither or the tenant no key, and an index it has already stays. */
  readonly identity_key_id: string | null;
}

export function blindIndexOf({ facts }: DecidedLead['journey']): BlindIndex {
  const current = (facts.fingerprints ?? []).filter((fingerprint) => fingerprint.current);
  const of = (kind: 'email' | 'phone'): string | null => {
    const found = current.find((fingerprint) => fingerprint.kind === kind);
    return found === undefined ? null : `\\x${found.value.toString('hex')}`;
  };
  const index = { email_fingerprint: of('email'), phone_fingerprint: of('phone') };
  const known = index.email_fingerprint !== null || index.phone_fingerprint !== null;
  return { ...index, identity_key_id: known ? (current[0]?.keyId ?? null) : null };
}
