export { checkWish, type WishProblem } from './check-wish.js';
export { type CandidateCount, countCandidates } from './count-candidates.js';
export { cancelReplay, findReplay, listReplays, type ReplayTerms, resumeReplay, startReplay, tenantExists } from './pg-replays.js';
export { type LeadRequest, replayLead } from './replay-lead.js';
export { REASON, REASON_HELP } from './replay-shapes.js';
export { etaSecondsOf, type Replay, replayAsJson, type ReplayFilter, type ReplayId, type ReplayWish } from './replay.js';
export { ReplayModule } from './replay.module.js';
export { RunReplays } from './run-replays.js';
