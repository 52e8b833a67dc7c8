export * from './audit-event.js';
export * from './append-audit-events.js';
export * from './audit-trail.js';
export * from './audit.module.js';
