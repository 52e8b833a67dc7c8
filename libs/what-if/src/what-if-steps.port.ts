import type { Fingerprint, LeadId } from '#core';
import type { LoadedLead } from '#pipeline';
import type { HeldClaim } from './held-claims.js';
import type { Told } from './told.js';
import type { LeadDifference, WhatIf, WhatIfSummary } from './what-if.js';

/** The two versions a run knows claims of. */
export type VersionName = 'compared' | 'draft';

export interface WhatIfLead {
  readonly lead: LoadedLead;
  /** false: it is run only for the identities it holds. */
  readonly isCompared: boolean;
  /** Processes died over it. */
  readonly isPoison: boolean;
  /** null: nobody has decided it yet. */
  readonly recorded: Told | null;
}

export interface StepResult {
  readonly lastLeadId: LeadId | null;
  readonly done: number;
  readonly summary: WhatIfSummary;
  readonly differences: readonly LeadDifference[];
  readonly claims: readonly { readonly version: VersionName; readonly claims: readonly HeldClaim[] }[];
  readonly isLast: boolean;
}

/** One step of one run, which no other process takes meanwhile. All of it is committed together, or nothing. */
export interface WhatIfStep {
  readonly run: WhatIf;
  /** The next leads in the order in which they came; fewer than asked for: there are no more. */
  leads(most: number): Promise<WhatIfLead[]>;
  held(version: VersionName, fingerprints: readonly Fingerprint[]): Promise<HeldClaim[]>;
  write(result: StepResult): Promise<void>;
  /** The run ends here, because it cannot be made. */
  fail(problem: string): Promise<void>;
}

/** Where the steps of runs come from. Abstract class, so that it is also the injection token. */
export abstract class WhatIfSteps {
  /** @returns false: no run is under way, or other processes have them all in hand */
  abstract next(work: (step: WhatIfStep) => Promise<void>): Promise<boolean>;
  /** Removes claims of runs that have ended, a bounded number of them. */
  abstract forgetClaims(): Promise<void>;
  /** Fresh leads wait for their decision: they come first. */
  abstract freshLeadsWait(): Promise<boolean>;
}
