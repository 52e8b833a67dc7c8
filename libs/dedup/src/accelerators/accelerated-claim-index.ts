import { fingerprintsOf, type KeyRings } from '#keys';
import { type ClaimAnswer, ClaimIndex, type ClaimQuery } from '../claim-index.port.js';
import type { ClaimFilter, ClaimKey } from './claim-filter.port.js';

/** Whether leads may be about that went on without their check and so hold no claim. */
export interface UncheckedLeads {
  mayExist(): boolean;
  /** A lead of this process is about to become one. */
  expect(): void;
}

/**
 * Saves the look-up of leads that nobody seems to have been before. What the filters say is never an answer: of a lead that they call new,
 * the claim decides, and one that meets an older claim is decided again with Postgres asked (`certain`). One that they call known is looked
 * up in Postgres. While there are unchecked leads, which hold no claims, Postgres is asked about every lead: at once where this process knows
 * of one, else when the claims are written.
 */
export class AcceleratedClaimIndex extends ClaimIndex {
  constructor(
    private readonly inner: ClaimIndex,
    private readonly rings: KeyRings,
    private readonly filters: readonly ClaimFilter[],
    private readonly unchecked: UncheckedLeads,
  ) {
    super();
  }

  override async look(query: ClaimQuery): Promise<ClaimAnswer> {
    const ring = this.rings.ringOf(query.tenantId);
    if (query.check !== 'usual' || ring === null || query.identities.length === 0) return this.ask(query);
    const compared = fingerprintsOf(ring, query.tenantId, query.identities);
    const claims = compared.map(({ kind, value }) => ({ tenantId: query.tenantId, kind, fingerprint: value }));
    const known = this.unchecked.mayExist() ? null : await this.knows(claims);
    // Now, not after the commit: whoever asks meanwhile is looked up, and one that is rejected after all only costs look-ups.
    for (const filter of this.filters) filter.remember(claims, query.windowHours);
    // Who became unchecked while the filters were asked is seen as well.
    if (known !== false || this.unchecked.mayExist()) return this.ask(query);
    return { earlier: null, presumed: true, fingerprints: [...compared, ...fingerprintsOf(ring, query.tenantId, query.alsoIndexed)] };
  }

  private async ask(query: ClaimQuery): Promise<ClaimAnswer> {
    const answer = await this.inner.look(query);
    if ('skipped' in answer) this.unchecked.expect();
    return answer;
  }

  /** @returns false: all that could be asked say that nobody holds any of them; null: none could be asked */
  private async knows(claims: readonly ClaimKey[]): Promise<boolean | null> {
    let known: boolean | null = null;
    for (const filter of this.filters) {
      const said = filter.mayBeHeld(claims);
      const held = said instanceof Promise ? await said : said;
      if (held === true) return true;
      if (held === false) known = false;
    }
    return known;
  }
}
