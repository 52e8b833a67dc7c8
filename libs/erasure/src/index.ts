export { eraseLead, ERASURE_REASONS, type ErasedLead, type ErasureReason } from './erase-lead.js';
export { ErasureModule } from './erasure.module.js';
