import { Pipeline, type LeadFacts } from '#core';
import { dedupStage, type ClaimIndex } from '#dedup';
import { mapStage } from '#mapping';
import { normaliseStage, trimStage } from '#normalisation';
import { policyStage } from '#policy';
import { validateStage } from '#validation';

/** The ports of the stages that need I/O. */
export interface StagePorts {
  readonly claims: ClaimIndex;
}

/**
 * What happens to a stored lead, in order. Adding a stage is one lib and one line here.
 *
 * Trim comes first and validation sees its result: blanks around a value are a sender's slip, but "true" is not `true` and "" is
 * present. Normalisation converts only what the rules let through. Dedup compares normalised identities. Policy judges last of all
 * that may refuse, so that it knows everything. Map runs only for leads that may go out.
 */
export const leadPipeline = (ports: StagePorts) =>
  Pipeline.startingWith<LeadFacts>()
    .through(trimStage())
    .through(validateStage())
    .through(normaliseStage())
    .through(dedupStage(ports.claims))
    .through(policyStage())
    .through(mapStage());

export type LeadPipeline = ReturnType<typeof leadPipeline>;
