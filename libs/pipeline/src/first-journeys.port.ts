import type { LeadId } from '#core';
import type { Verdict } from './verdicts.port.js';

/** The stored first journeys. Abstract class, so that it is also the injection token. */
export abstract class FirstJourneys {
  /** @returns null while the lead is undecided */
  abstract of(leadId: LeadId): Promise<Verdict | null>;
}
