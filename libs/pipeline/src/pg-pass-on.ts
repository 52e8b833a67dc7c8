import { appendAuditEvents, type AuditActor, type AuditEventInput } from '#audit';
import { type LeadId, type LeadStatus, replayTransition, type TenantId } from '#core';
import { type HeldClaim, lockClaims, passClaims, releaseClaims } from '#dedup';
import type { PoolClient } from '#platform';

/** Of one transaction; who is left is found by the next round of PassOnClaims. */
const HEIRS_AT_ONCE = 100;

/** Held back for nothing but the earlier lead: one that was refused for its fields as well stays refused. */
export const HELD_BACK = `duplicate_of is not null and status in ('HELD', 'REJECTED')
  and case status when 'HELD' then hold_reason = 'duplicate' else rejection_reason = 'duplicate_confirmed' end`;

const LOCK_LEAD = `select native_id as "nativeId" from leads where id = $1 for no key update`;

const HEIR = {
  name: 'oldest_held_back',
  text: `select id, status, native_id as "nativeId", email_fingerprint as email, phone_fingerprint as phone
           from leads where duplicate_of = $1 and ${HELD_BACK} order by id limit 1 for no key update`,
};

const REPROCESS = {
  name: 'reprocess_heir',
  text: `update leads
            set status = 'RECEIVED', hold_reason = null, hold_until = null, rejection_reason = null, duplicate_of = null,
                rung_at = null, claimed_until = null, updated_at = clock_timestamp()
          where id = $1`,
};

/** The same person as the heir, whatever identity shows it. */
const FOLLOW = {
  name: 'follow_heir',
  text: `update leads set duplicate_of = $2, updated_at = clock_timestamp()
           from (select id from leads where duplicate_of = $1 and ${HELD_BACK}
                    and (email_fingerprint = $3 or phone_fingerprint = $4 or native_id = $5)
                  order by id for no key update) follower
          where leads.id = follower.id`,
};

interface Heir {
  readonly id: LeadId;
  readonly status: LeadStatus;
  readonly nativeId: string | null;
  readonly email: Buffer | null;
  readonly phone: Buffer | null;
}

export interface PassedOn {
  /** Identities the lead held; the rows of one identity under several keys count once. */
  readonly released: number;
  readonly heirs: readonly LeadId[];
}

export interface EndedLead {
  readonly tenantId: TenantId;
  readonly leadId: LeadId;
  readonly actor: AuditActor;
  /** A stable code: why it does not stand in anybody's way any more. */
  readonly reason: string;
}

/**
 * The lead gives up its claims, in the caller's transaction. Of whom it held back, the oldest is reprocessed and gets the claims of what
 * both share; those who share something with that one wait for it from now on. One who shares nothing with it was held back for another
 * identity, and for those the same begins again. What nobody gets is free.
 *
 * Two callers for one lead take turns by its row; the second finds nothing left to do.
 */
export async function passOn(client: PoolClient, { tenantId, leadId, actor, reason }: EndedLead): Promise<PassedOn> {
  const { rows: leads } = await client.query<{ nativeId: string | null }>(LOCK_LEAD, [leadId]);
  const nativeId = leads[0]?.nativeId ?? null;
  const claims = await lockClaims(client, leadId);
  const heirs: LeadId[] = [];
  const events: AuditEventInput[] = [];
  while (heirs.length < HEIRS_AT_ONCE) {
    const [heir] = (await client.query<Heir>({ ...HEIR, values: [leadId] })).rows;
    if (heir === undefined) break;
    await passClaims(client, leadId, heir.id, sharedKinds(claims, nativeId, heir));
    await client.query({ ...REPROCESS, values: [heir.id] });
    await client.query({ ...FOLLOW, values: [leadId, heir.id, heir.email, heir.phone, heir.nativeId] });
    heirs.push(heir.id);
    const { to } = replayTransition('reprocess');
    events.push({
      tenantId,
      leadId: heir.id,
      type: 'lead.reprocessed',
      from: heir.status,
      to,
      actor,
      reason,
      detail: { earlierLeadId: leadId },
    });
  }
  const passed = new Set(claims.map(({ kind }) => kind)).size;
  await releaseClaims(client, leadId);
  await appendAuditEvents(client, events);
  return { released: passed, heirs };
}

/**
 * By the blind index of the heir. One that is made with a key under which the lead has no claim shares nothing that could be seen: then
 * the claim becomes free, and the heir takes it when it is decided.
 */
function sharedKinds(claims: readonly HeldClaim[], nativeId: string | null, heir: Heir): string[] {
  const holds = (kind: string, fingerprint: Buffer | null): boolean =>
    fingerprint !== null && claims.some((claim) => claim.kind === kind && claim.fingerprint.equals(fingerprint));
  return [
    ...(holds('email', heir.email) ? ['email'] : []),
    ...(holds('phone', heir.phone) ? ['phone'] : []),
    ...(nativeId !== null && nativeId === heir.nativeId ? ['native_id'] : []),
  ];
}
