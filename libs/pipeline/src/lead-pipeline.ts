import { Pipeline, type LeadFacts } from '#core';
import { DedupModule, dedupStage } from '#dedup';
import { FetchingModule, fetchStage } from '#fetching';
import { MappingModule, mapStage } from '#mapping';
import { NormalisationModule, normaliseStage, trimStage } from '#normalisation';
import { PolicyModule, policyStage } from '#policy';
import { ValidationModule, validateStage } from '#validation';

/** The modules that build the stages out of their ports and adapters. A stage's factory is its injection token. */
export const STAGE_MODULES = [FetchingModule, NormalisationModule, ValidationModule, DedupModule, PolicyModule, MappingModule];
export const STAGES = [fetchStage, trimStage, validateStage, normaliseStage, dedupStage, policyStage, mapStage] as const;

/** Gives the stage that was built by one of the factories above. */
export type StageOf = <Stage>(factory: (...ports: never[]) => Stage) => Stage;

/**
 * What happens to a stored lead, in order. Adding a stage is one lib and its lines in this file.
 *
 * Fetch comes first: of a lead that was sent as an id only there is nothing else to judge yet. Trim comes next and validation sees its
 * result: blanks around a value are a sender's slip, but "true" is not `true` and "" is present. Normalisation converts only what the rules
 * let through. Dedup compares normalised identities. Policy judges last of all that may refuse, so that it knows everything. Map runs only
 * for leads that may go out.
 */
export const leadPipeline = (stage: StageOf) =>
  Pipeline.startingWith<LeadFacts>()
    .through(stage(fetchStage))
    .through(stage(trimStage))
    .through(stage(validateStage))
    .through(stage(normaliseStage))
    .through(stage(dedupStage))
    .through(stage(policyStage))
    .through(stage(mapStage));

export type LeadPipeline = ReturnType<typeof leadPipeline>;
