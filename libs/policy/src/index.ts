export { decidePolicy } from './decide-policy.js';
export { policyStage } from './policy.stage.js';
export { PolicyModule } from './policy.module.js';
