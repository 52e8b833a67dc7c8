export { PgWhatIfs, type CancelResult, type DifferencesPage, type StartResult, type WhatIfWish } from './pg-what-ifs.js';
export { PgWhatIfSteps } from './pg-what-if-steps.js';
export { RunWhatIfs, type ReadVersion } from './run-what-ifs.js';
export {
  BASELINES,
  type Baseline,
  DIFFERENCE_KINDS,
  type Difference,
  type DifferenceKind,
  type LeadDifference,
  type WhatIf,
  type WhatIfFilter,
  WHAT_IF_STATUSES,
  type WhatIfStatus,
  type WhatIfSummary,
} from './what-if.js';
export { WhatIfModule } from './what-if.module.js';
export { differenceAnswer, leadsPerSecond, whatIfAnswer } from './what-if-answers.js';
