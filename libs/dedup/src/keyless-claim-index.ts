import { ClaimIndex, type ClaimAnswer } from './claim-index.port.js';

/** No tenant has a key, so no identity can be compared without storing it in a form that could be guessed; the stage notes that. */
export class KeylessClaimIndex extends ClaimIndex {
  override look(): Promise<ClaimAnswer> {
    return Promise.resolve({ skipped: 'no_key', fingerprints: [] });
  }
}
