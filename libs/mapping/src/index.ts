export { judgeAttribute } from './judge-attribute.js';
export { mapStage } from './map.stage.js';
export { renderPayload, type MappedLead, type Rendering } from './render-payload.js';
export { MappingModule } from './mapping.module.js';
