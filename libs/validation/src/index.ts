export { decideValidation } from './decide-validation.js';
export { validateStage } from './validate.stage.js';
export { ValidationModule } from './validation.module.js';
