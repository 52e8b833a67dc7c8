export * from './admin-key/admin-key.js';
export * from './admin-key/admin-key.guard.js';
export * from './checked-query.js';
export * from './health/readiness.js';
export * from './reading.module.js';
