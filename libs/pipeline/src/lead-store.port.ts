import type { Journey, JourneyFacts, JsonObject, LeadId, ResolvedConfig, SourceId, TenantId } from '#core';

/** A lead as the pipeline loads it. */
export interface LoadedLead {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly sourceId: SourceId;
  readonly nativeId: string | null;
  /** Of the request that brought it, for the log. */
  readonly requestId: string;
  readonly receivedAt: Date;
  readonly payload: JsonObject;
  readonly flags: readonly string[];
  /** The number the next journey gets. */
  readonly journeyNo: number;
  /** Loads before this one that no journey followed: the process died while it had this lead. */
  readonly crashCount: number;
}

export interface DecidedLead {
  readonly lead: LoadedLead;
  readonly config: ResolvedConfig;
  readonly journey: Journey<JourneyFacts>;
}

/**
 * - `decided`: committed.
 * - `decided_elsewhere`: somebody else decided the lead meanwhile; nothing was written.
 * - `claim_lost`: another lead claimed one of its identities first; nothing was written, it is to be decided again with `certain`.
 * - `claims_unavailable`: the claims could not be written in time; nothing was written, it is to be decided again with `skipped`.
 */
export type DecideResult = 'decided' | 'decided_elsewhere' | 'claim_lost' | 'claims_unavailable';

/** Where leads come from and decisions go. Abstract class, so that it is also the injection token. */
export abstract class LeadStore {
  /**
   * The RECEIVED ones among the ids; counts the load against each of them until a journey is stored.
   * @param suspects whether also those that a load counts against already: they were in a process that died
   * @throws when some of them could not be loaded; those that were are forgiven
   */
  abstract load(ids: readonly LeadId[], suspects: boolean): Promise<LoadedLead[]>;
  /** Nobody has them in hand, so the relay may ring them again at once; what counts against them stays. */
  abstract unring(ids: readonly LeadId[]): Promise<void>;
  /** As unring, and takes the count of the last load back: the fault was ours, not the lead's. */
  abstract forgive(ids: readonly LeadId[]): Promise<void>;
  /**
   * As forgive, and closes their tenants: none of their leads is rung until ReopenTenants finds a configuration that can be used.
   * @returns the tenants that were not closed already
   */
  abstract leaveWaiting(leads: readonly Pick<LoadedLead, 'id' | 'tenantId'>[]): Promise<readonly TenantId[]>;
  /** Commits the journey with its claims and everything that follows from it. */
  abstract decide(decided: DecidedLead): Promise<DecideResult>;
  /** Resolves when no decision is on its way to the database. */
  abstract drain(): Promise<void>;
}
