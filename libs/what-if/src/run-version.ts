import type { Fingerprint, LeadId, ResolvedConfig } from '#core';
import type { KeyRings } from '#keys';
import { claimRequestOf, type LoadedLead, type PipelineOverClaims, startOf } from '#pipeline';
import { ClaimsInTurn } from './claims-in-turn.js';
import type { HeldClaims } from './held-claims.js';
import { type Told, toldBy } from './told.js';

/** After so many leads the process does other things first: deciding is pure computing, about a tenth of a millisecond each. */
const TURN = 10;

const NO_CLOCK = (): number => 0;
const othersFirst = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface RunParts {
  readonly pipeline: PipelineOverClaims;
  readonly rings: KeyRings;
  /** Who holds these among the leads that were run before. */
  readonly heldOf: (fingerprints: readonly Fingerprint[]) => Promise<HeldClaims>;
}

export interface RanVersion {
  /** null: a stage broke down over it. */
  readonly told: ReadonlyMap<LeadId, Told | null>;
  readonly held: HeldClaims;
}

/** What one version says about leads, in the order given, each knowing those before it. */
export async function runVersion(leads: readonly LoadedLead[], config: ResolvedConfig, parts: RunParts): Promise<RanVersion> {
  const claims = new ClaimsInTurn(parts.rings);
  const pipeline = parts.pipeline.with(claims);
  const runs = [];
  for (const lead of leads) {
    const arrival = claims.arrival(lead.id);
    const journey = pipeline.run(startOf(lead, config, 'usual'), NO_CLOCK).catch(() => null);
    runs.push({ lead, journey, ready: Promise.race([arrival, journey]) });
    if (runs.length % TURN === 0) await othersFirst();
  }
  await Promise.all(runs.map(({ ready }) => ready));
  const held = await parts.heldOf(claims.asks().flatMap(({ compared }) => compared));
  const told = new Map<LeadId, Told | null>();
  for (const run of runs) {
    const { lead } = run;
    const look = claims.lookOf(lead.id);
    if (look !== undefined) claims.answer(lead.id, held.earliest(look, lead.receivedAt));
    const journey = await run.journey;
    told.set(lead.id, journey === null ? null : toldBy(journey));
    const request = journey === null ? null : claimRequestOf({ lead, config, journey });
    if (request !== null) held.claim(request, lead.receivedAt);
    if (told.size % TURN === 0) await othersFirst();
  }
  return { told, held };
}
