import type { EarlierLead, IdentityKind, LeadId } from '#core';
import type { ClaimRequest } from '#dedup';
import type { WaitingLook } from './claims-in-turn.js';

/** A claim as it stands in what_if_claims. */
export interface HeldClaim {
  readonly kind: IdentityKind;
  readonly fingerprint: Buffer;
  readonly leadId: LeadId;
  readonly claimedAt: Date;
  readonly expiresAt: Date;
}

const keyOf = (kind: IdentityKind, fingerprint: Buffer): string => `${kind} ${fingerprint.toString('base64')}`;

/**
 * Who holds what among the leads of a run, as of the moment each lead came: the rules are those of libs/dedup's claims (the first holds, a
 * hint does not refresh, an expired claim is free), only that the moment is the lead's own and not the present.
 */
export class HeldClaims {
  private readonly held: Map<string, HeldClaim>;
  private readonly written = new Map<string, HeldClaim>();

  constructor(stored: readonly HeldClaim[]) {
    this.held = new Map(stored.map((claim) => [keyOf(claim.kind, claim.fingerprint), claim]));
  }

  /** What is to be stored. */
  get fresh(): readonly HeldClaim[] {
    return [...this.written.values()];
  }

  earliest({ query, compared }: WaitingLook, at: Date): EarlierLead | null {
    const rank = (kind: IdentityKind): number => query.identities.findIndex((identity) => identity.kind === kind);
    const holders = compared.flatMap(({ kind, value }) => this.held.get(keyOf(kind, value)) ?? []);
    const [first] = holders
      .filter(({ leadId, expiresAt }) => leadId !== query.leadId && expiresAt > at)
      .sort(
        (a, b) =>
          a.claimedAt.getTime() - b.claimedAt.getTime() ||
          (a.leadId < b.leadId ? -1 : a.leadId > b.leadId ? 1 : rank(a.kind) - rank(b.kind)),
      );
    return first === undefined ? null : { leadId: first.leadId, matchedOn: first.kind, seenAt: first.claimedAt };
  }

  claim({ leadId, fingerprints, windowHours }: ClaimRequest, at: Date): void {
    for (const { kind, value } of fingerprints) {
      const key = keyOf(kind, value);
      const holder = this.held.get(key);
      if (holder !== undefined && holder.expiresAt > at) continue;
      const claim = { kind, fingerprint: value, leadId, claimedAt: at, expiresAt: new Date(at.getTime() + windowHours * 3_600_000) };
      this.held.set(key, claim);
      this.written.set(key, claim);
    }
  }
}
