export * from './expired-rows.js';
export * from './retention.module.js';
export * from './sweep-expired.js';
