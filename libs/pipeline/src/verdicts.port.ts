import type { Decision, EarlierLead, LeadId, LeadStatus, TenantId } from '#core';
import type { LoadedLead } from './lead-store.port.js';

/** What the sender of a synchronous request reads: the lead's first journey, the same for the first request and for every repetition. */
export interface Verdict {
  readonly leadId: LeadId;
  readonly tenantId: TenantId;
  /** Of the first request that brought the lead. */
  readonly requestId: string;
  readonly decision: Decision;
  /** Our own codes; the guard's route translates two of them into its old names. */
  readonly reasonCodes: readonly string[];
  readonly duplicateOf: EarlierLead | null;
  readonly duplicateCheckSkipped: boolean;
  /** The status the journey left the lead in. */
  readonly status: LeadStatus;
  readonly versions: { readonly policy: number; readonly ruleset: number; readonly config: number };
}

/** Decides at once, with the pipeline that also runs behind the queue. Abstract class, so that it is also the injection token. */
export abstract class Verdicts {
  /**
   * Runs the pipeline over a lead that this process has just committed with `claimed_until`, so that nobody else has it.
   * @returns its verdict once it is committed, also when another process was first after all
   * @throws when it could not be decided in time; the relay takes the lead up after `claimed_until`
   */
  abstract decide(lead: LoadedLead, withinMs: number): Promise<Verdict>;
  /** The verdict over a lead that an earlier request brought. @returns null when it is still undecided after the time */
  abstract await(leadId: LeadId, withinMs: number): Promise<Verdict | null>;
}
