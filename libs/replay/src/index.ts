export { checkRequest } from './check-request.js';
export { countCandidates } from './count-candidates.js';
export { cancelReplay, findReplay, listReplays, resumeReplay, startReplay, tenantExists } from './pg-replays.js';
export { replayLead } from './replay-lead.js';
export { etaSecondsOf, type Replay, replayAsJson, type ReplayId, type ReplayWish } from './replay.js';
export { ReplayModule } from './replay.module.js';
export { RunReplays } from './run-replays.js';
