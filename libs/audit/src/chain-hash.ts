import { createHash } from 'node:crypto';

/**
 * One event as the chain sees it: every column of `audit_events` as Postgres itself writes it as text, so that anybody with psql can
 * recompute a link. `CHAINED_EVENT_COLUMNS` is the one select list that yields this shape.
 */
export interface ChainedEvent {
  readonly id: string;
  readonly tenantId: string;
  readonly leadId: string | null;
  readonly deliveryId: string | null;
  readonly type: string;
  readonly fromStatus: string | null;
  readonly toStatus: string | null;
  readonly actor: string;
  readonly reason: string | null;
  /** jsonb as text: Postgres keeps one spelling per value (members sorted, no doubled keys), so this is canonical. */
  readonly detail: string;
  /** `2026-11-22T04:56:07.123456Z`, UTC with all six digits. */
  readonly at: string;
}

/** Select list over `audit_events event`; the aliases are the members of `ChainedEvent`. */
export const CHAINED_EVENT_COLUMNS = `event.id::text AS "id", event.tenant_id AS "tenantId", event.lead_id::text AS "leadId",
  event.delivery_id::text AS "deliveryId", event.type AS "type", event.from_status AS "fromStatus", event.to_status AS "toStatus",
  event.actor AS "actor", event.reason AS "reason", event.detail::text AS "detail",
  to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "at"`;

const DOMAIN = Buffer.from('leadgate-audit-chain/v1\0', 'utf8');

/** What stands in for the previous hash at seq 1. */
export const GENESIS_HASH: Buffer = Buffer.alloc(32);

/**
 * The hash of one link:
 *
 *     SHA-256( "leadgate-audit-chain/v1" 0x00 ‖ previous hash ‖ fields )
 *
 * - previous hash: the 32 bytes of the link at seq - 1 of the same tenant; 32 zero bytes at seq 1.
 * - fields, in this order: seq in decimal, id, tenant_id, lead_id, delivery_id, type, from_status, to_status, actor, reason, detail, at;
 *   each one `<length in bytes, decimal>:<UTF-8 bytes>,` and `-,` for NULL. Every field says its own length, so no two different
 *   events have the same bytes.
 *
 * The domain separates these hashes from every other use of SHA-256 and names the version: a later form is `/v2`, and links that
 * exist keep the form they were made with.
 */
export function linkHash(previous: Buffer, seq: bigint, event: ChainedEvent): Buffer {
  const fields = [
    seq.toString(),
    event.id,
    event.tenantId,
    event.leadId,
    event.deliveryId,
    event.type,
    event.fromStatus,
    event.toStatus,
    event.actor,
    event.reason,
    event.detail,
    event.at,
  ];
  return createHash('sha256').update(DOMAIN).update(previous).update(fields.map(netstring).join(''), 'utf8').digest();
}

function netstring(field: string | null): string {
  return field === null ? '-,' : `${Buffer.byteLength(field, 'utf8')}:${field},`;
}
