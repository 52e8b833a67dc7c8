import type { EarlierLead, Fingerprint, LeadId } from '#core';
import { type ClaimAnswer, ClaimIndex, type ClaimQuery } from '#dedup';
import { fingerprintsOf, type KeyRings } from '#keys';

/** A lead that has come as far as the duplicate check and waits for its turn. */
export interface WaitingLook {
  readonly query: ClaimQuery;
  /** Of what is compared; under every key of the ring. */
  readonly compared: readonly Fingerprint[];
}

interface Waiting extends WaitingLook {
  readonly answer: (earlier: EarlierLead | null) => void;
}

/**
 * The index a what-if's pipeline asks. Leads of one slice start together and wait here, so that what all of them ask can be looked up at
 * once; then each is answered in the order in which they came, after the one before it has been decided and has claimed what it claims.
 */
export class ClaimsInTurn extends ClaimIndex {
  private readonly waiting = new Map<LeadId, Waiting>();
  private readonly arrivals = new Map<LeadId, () => void>();

  constructor(private readonly rings: KeyRings) {
    super();
  }

  /** Resolves when this lead waits for its turn. A lead that is refused before the check never does. */
  arrival(leadId: LeadId): Promise<void> {
    return new Promise((resolve) => this.arrivals.set(leadId, resolve));
  }

  override async look(query: ClaimQuery): Promise<ClaimAnswer> {
    const ring = this.rings.ringOf(query.tenantId);
    const compares = query.identities.length > 0;
    if (ring === null) return compares ? { skipped: 'no_key', fingerprints: [] } : { earlier: null, fingerprints: [] };
    // What the tenant only searches by is nobody's here: nothing of a what-if is ever found.
    const compared = fingerprintsOf(ring, query.tenantId, query.identities);
    if (!compares) return { earlier: null, fingerprints: [] };
    const earlier = await new Promise<EarlierLead | null>((answer) => {
      this.waiting.set(query.leadId, { query, compared, answer });
      this.arrivals.get(query.leadId)?.();
    });
    return { earlier, fingerprints: compared };
  }

  asks(): readonly WaitingLook[] {
    return [...this.waiting.values()];
  }

  lookOf(leadId: LeadId): WaitingLook | undefined {
    return this.waiting.get(leadId);
  }

  answer(leadId: LeadId, earlier: EarlierLead | null): void {
    const waiting = this.waiting.get(leadId);
    this.waiting.delete(leadId);
    waiting?.answer(earlier);
  }
}
