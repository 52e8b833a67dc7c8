export * from './checked-query.js';
export * from './health/readiness.js';
export * from './leads/leads-query.js';
export * from './observe-reads.js';
export * from './openapi/api-docs.js';
export * from './openapi/read-answers.js';
export * from './reading.module.js';
