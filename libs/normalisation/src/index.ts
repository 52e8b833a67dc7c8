export { normaliseStage, ORIGINAL_SUFFIX } from './normalise.stage.js';
export { trimStage } from './trim.stage.js';
export { NormalisationModule } from './normalisation.module.js';
