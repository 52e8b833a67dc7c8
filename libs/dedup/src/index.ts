export { ClaimIndex, type ClaimAnswer, type ClaimQuery, type SkippedBecause } from './claim-index.port.js';
export { AcceleratedClaimIndex, type UncheckedLeads } from './accelerators/accelerated-claim-index.js';
export { ClaimAccelerators } from './accelerators/claim-accelerators.js';
export type { ClaimFilter, ClaimKey } from './accelerators/claim-filter.port.js';
export { PgBloomClaims } from './accelerators/pg-bloom-claims.js';
export { PgUncheckedLeads } from './accelerators/pg-unchecked-leads.js';
export { RedisClaims } from './accelerators/redis-claims.js';
export { DedupModule } from './dedup.module.js';
export { decideDedup, dedupStage } from './dedup.stage.js';
export { IndexProbe } from './index-probe.port.js';
export { PgIndexProbe } from './pg-index-probe.js';
export { PgClaimIndex } from './pg-claim-index.js';
export {
  CLAIM_WAIT_MS,
  type ClaimRequest,
  claimSettings,
  ClaimsExpired,
  ClaimsUnavailable,
  clearExpiredClaims,
  type FreshClaim,
  undoClaims,
  writeClaims,
  type WrittenClaims,
} from './pg-claims.js';
export { type HeldClaim, lockClaims, passClaims } from './pg-pass-on-claims.js';
export { releaseClaims } from './pg-release-claims.js';
