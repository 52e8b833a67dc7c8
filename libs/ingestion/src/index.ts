export { AcceptLead, type AcceptLeadOptions } from './accept/accept-lead.js';
export { FrontDoorAdapter } from './http/front-door-adapter.js';
export { IngestionModule } from './ingestion.module.js';
export { ReleaseRequest, StillRefused } from './quarantine/release-request.js';
export * from './shapes/guard-shapes.js';
export * from './shapes/lead-shapes.js';
export * from './shapes/v1-shapes.js';
export * from './shapes/verdict-shapes.js';
export { SourceKinds } from './sources/source-kinds.js';
