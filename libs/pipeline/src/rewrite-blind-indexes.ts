import { type ActiveConfig, type IdentityKind, type TenantConfig, type TenantId } from '#core';
import { fingerprintOf, type IdentityKey, type KeyRing, type KeyRings } from '#keys';
import type { BlindIndexes, ClaimPlace, KeyChange, NewClaim, NewIndex, StaleClaim, StaleLead } from './blind-indexes.port.js';
import { identitiesOfLead } from './identities-of-lead.js';

const REST_BETWEEN_WALKS_MS = 60_000;

interface Tenant {
  readonly config: TenantConfig;
  readonly ring: KeyRing;
}

/**
 * After a rotation: makes the blind indexes of older leads with the current key and copies their claims to it, so that the old key may go.
 *
 * What is done is seen in the rows, so any process may go on where another stopped. Claims are copied before the index of their lead is
 * written; a lead whose index has the new key therefore lost nothing. Claims that a process with the older ring wrote meanwhile are found by a
 * slow walk over all of them.
 */
export class RewriteBlindIndexes {
  /** Leads in one round, which is one second: about as much as a twentieth of what Postgres takes from the door. */
  static readonly PER_SECOND = 500;
  private place: ClaimPlace = null;
  private nextWalkAt = 0;

  constructor(
    private readonly indexes: BlindIndexes,
    private readonly rings: KeyRings,
    private readonly config: ActiveConfig,
    private readonly now: () => number,
  ) {}

  /** @returns leads rewritten */
  async runOnce(): Promise<number> {
    const tenants = this.tenantsWithKeys();
    const changes = await this.indexes.changes(new Map([...tenants].map(([id, { ring }]) => [id, ring.current.id])));
    if (changes.length === 0) return 0;
    return this.indexes.alone(async () => {
      const leads = await this.indexes.staleLeads(changes, RewriteBlindIndexes.PER_SECOND);
      if (leads.length === 0) {
        await this.walk(changes, tenants);
        return 0;
      }
      await this.copy(await this.indexes.claimsOf(leads), tenants);
      return this.indexes.writeIndexes(leads.flatMap((lead) => newIndex(lead, tenants.get(lead.tenantId)) ?? []));
    });
  }

  /** Of the tenants of whom this process has the configuration and a usable ring. */
  private tenantsWithKeys(): Map<TenantId, Tenant> {
    const tenants = new Map<TenantId, Tenant>();
    for (const { tenantId, config } of this.config.tenants()) {
      const ring = this.rings.ringOf(tenantId);
      if (ring !== null) tenants.set(tenantId, { config, ring });
    }
    return tenants;
  }

  private async walk(changes: readonly KeyChange[], tenants: ReadonlyMap<TenantId, Tenant>): Promise<void> {
    if (this.now() < this.nextWalkAt) return;
    const claimable = changes.filter(({ tenantId, lastRetiredAt }) => {
      const windowMs = (tenants.get(tenantId)?.config.dedup.window_hours ?? 0) * 3_600_000;
      return lastRetiredAt === null || this.now() - lastRetiredAt.getTime() < windowMs;
    });
    if (claimable.length === 0) return;
    const { claims, next } = await this.indexes.staleClaims(claimable, this.place);
    await this.copy(claims, tenants);
    this.place = next;
    if (next === null) this.nextWalkAt = this.now() + REST_BETWEEN_WALKS_MS;
  }

  private async copy(claims: readonly StaleClaim[], tenants: ReadonlyMap<TenantId, Tenant>): Promise<void> {
    const copies = claims.flatMap((claim) => newClaim(claim, tenants.get(claim.tenantId)) ?? []);
    if (copies.length > 0) await this.indexes.copyClaims(copies);
  }
}

function newIndex(lead: StaleLead, tenant: Tenant | undefined): NewIndex | null {
  if (tenant === undefined) return null;
  const { current } = tenant.ring;
  const identities = identitiesOfLead(lead, tenant.config);
  const under = (kind: IdentityKind): Buffer | null => {
    const identity = identities.find((one) => one.kind === kind);
    return identity === undefined ? null : fingerprintOf(current.secret, lead.tenantId, identity);
  };
  return { lead, keyId: current.id, email: under('email'), phone: under('phone') };
}

/** null where the lead's identity cannot be made again, e.g. because the tenant names other fields now: that claim ends with its key or its window. */
function newClaim(claim: StaleClaim, tenant: Tenant | undefined): NewClaim | null {
  const identity = tenant && identitiesOfLead(claim, tenant.config).find(({ kind }) => kind === claim.kind);
  if (tenant === undefined || identity === undefined || claim.keyId === tenant.ring.current.id) return null;
  const madeWith = tenant.ring.previous.find(({ id }: IdentityKey) => id === claim.keyId);
  // A key that is lost cannot say whether it is the same identity; what the lead holds today is the best that is known.
  if (madeWith !== undefined && !fingerprintOf(madeWith.secret, claim.tenantId, identity).equals(claim.fingerprint)) return null;
  return { of: claim, keyId: tenant.ring.current.id, fingerprint: fingerprintOf(tenant.ring.current.secret, claim.tenantId, identity) };
}
