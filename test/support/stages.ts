import { type ClaimIndex, dedupStage } from '#dedup';
import type { StageOf } from '#pipeline';

/** The stages as their modules build them, with this claim index. */
export function stagesWith(claims: ClaimIndex): StageOf {
  return (factory) => {
    const build: unknown = factory;
    return build === dedupStage ? (dedupStage(claims) as never) : factory();
  };
}
