export * from './audit-event.js';
export * from './append-audit-events.js';
export * from './audit-event-rows.js';
export * from './audit-trail.js';
export * from './audit-chainer.js';
export * from './chain-verdict.js';
export * from './verify-audit-chain.js';
export * from './audit.module.js';
