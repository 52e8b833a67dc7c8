export { PipelineModule } from './pipeline.module.js';
export { leadPipeline, type LeadPipeline, type StageOf } from './lead-pipeline.js';
export { PgLeadStore } from './pg-lead-store.js';
export { LeadStore, type LoadedLead } from './lead-store.port.js';
export { ProcessLeads } from './process-leads.js';
export { ProcessLeadsProcessor } from './process-leads.processor.js';
export { ReleaseHeldLeads } from './release-held-leads.js';
export { Verdicts, type Verdict } from './verdicts.port.js';
