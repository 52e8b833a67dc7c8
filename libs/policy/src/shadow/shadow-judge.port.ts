import type { Journey, JourneyFacts, ResolvedConfig } from '#core';

/** A lead's journey as it was committed, and the configuration that it was decided by. */
export interface DecidedJourney {
  readonly config: ResolvedConfig;
  readonly journey: Pick<Journey<JourneyFacts>, 'outcome' | 'facts'>;
}

/** Judges decided leads with the tenant's shadow policy. Changes nothing and makes nobody wait. Abstract class, so that it is also the injection token. */
export abstract class ShadowJudge {
  /** Call after the decision was committed. Returns at once and never throws; what there is no room for is dropped. */
  abstract observe(decided: DecidedJourney): void;
  /** Resolves when everything observed is counted, or Postgres would not take the counts. */
  abstract drain(): Promise<void>;
}
