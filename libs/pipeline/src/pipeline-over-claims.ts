import { type ClaimIndex, dedupStage } from '#dedup';
import { type LeadPipeline, leadPipeline, type StageOf } from './lead-pipeline.js';

/**
 * The same pipeline, stage by stage, over another index of claims: for whoever asks what would be decided and may claim nothing.
 */
export class PipelineOverClaims {
  constructor(private readonly stage: StageOf) {}

  with(claims: ClaimIndex): LeadPipeline {
    const overClaims = dedupStage(claims);
    return leadPipeline(((factory: unknown) => (factory === dedupStage ? overClaims : this.stage(factory as never))) as StageOf);
  }
}
