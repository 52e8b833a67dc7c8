export { ClaimIndex, type ClaimAnswer, type ClaimQuery, type SkippedBecause } from './claim-index.port.js';
export { DedupModule } from './dedup.module.js';
export { decideDedup, dedupStage } from './dedup.stage.js';
