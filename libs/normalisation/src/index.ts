export { normalisePayload, normaliseStage } from './normalise.stage.js';
export { trimStage } from './trim.stage.js';
export { NormalisationModule } from './normalisation.module.js';
