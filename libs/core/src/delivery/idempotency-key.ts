import { createHash } from 'node:crypto';
import type { DestinationId, LeadId, TenantId } from '../ids.js';

/** What one effect at a destination is: one lead, one destination, one epoch. */
export interface DeliveryIdentity {
  readonly tenantId: TenantId;
  readonly leadId: LeadId;
  readonly destinationId: DestinationId;
  /** From 1; grows only when a changed payload goes out after an earlier one was sent, or a person wants the same one sent as new. */
  readonly epoch: number;
}

/**
 * The key that every attempt of a delivery carries: base32 of SHA-256 over tenant, lead, destination and epoch, 52 signs A–Z 2–7.
 * Derived, not drawn: whoever plans or sends the delivery again, after any crash, comes to the same key.
 *
 * Races it closes, at a destination that honours the key: an attempt repeated because its answer was lost; a worker stopped beyond
 * its lease that sends after its successor did; a job delivered twice; a redelivery after the schedule was exhausted.
 * Races it does not close: a destination that ignores the key, or forgets it sooner than our last attempt (16 min after the first
 * with the default schedule); two leads of one person, which are two effects (duplicates are the dedup stage's work); a new epoch,
 * which is meant to be a second effect.
 */
export function deliveryIdempotencyKey({ tenantId, leadId, destinationId, epoch }: DeliveryIdentity): string {
  // NUL cannot occur in any of the parts, so two different identities never give the same text.
  return base32(createHash('sha256').update([tenantId, leadId, destinationId, epoch].join('\0')).digest());
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base32 without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}
