export { decidePolicy } from './decide-policy.js';
export { policyStage } from './policy.stage.js';
export { PolicyModule } from './policy.module.js';
export { emailConcerns } from './quality/email-quality.js';
export { isPersonName } from './quality/person-name.js';
export { ShadowJudge } from './shadow/shadow-judge.port.js';
export { readShadowFigures, type ShadowFigures } from './shadow/pg-read-divergences.js';
