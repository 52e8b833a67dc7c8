import type { ConfigVersionId, DestinationId, LeadId, SourceId, TenantId } from '../ids.js';
import type { JsonObject } from '../json.js';
import type { SourceConfig } from '../config/source-config.js';
import type { TenantConfig } from '../config/tenant-config.js';
import type { EarlierLead, Fingerprint } from './identity.js';

/**
 * The facts of one lead on its way through the pipeline. Each stage types only the members it reads (`Pick<…>`) and the ones it adds.
 */
export interface LeadFacts {
  readonly lead: {
    readonly id: LeadId;
    readonly tenantId: TenantId;
    readonly sourceId: SourceId;
    readonly receivedAt: Date;
    readonly nativeId: string | null;
    /** What the door and earlier journeys noted about it, e.g. DUPLICATE_KEYS; `LEAD_FLAGS` names those the gateway itself reads. */
    readonly flags: readonly string[];
  };
  /** As it was parsed: untrimmed, unconverted. */
  readonly payload: JsonObject;
  /** The tenant's configuration as of one version; the whole journey uses this one. */
  readonly config: TenantConfig;
  readonly configVersionId: ConfigVersionId;
  /** What the stages need of the source; `{}` when it is no longer configured. */
  readonly source: Partial<Pick<SourceConfig, 'name' | 'kind' | 'phone_region' | 'fetch'>>;
  readonly claimCheck: ClaimCheck;
}

/**
 * How the duplicate check of this run is made. `usual`: accelerators may save a look-up; the claim decides. `certain`: a claim was just lost, so Postgres
 * is asked for the winner. `skipped`: the claims could not be written in time, so this run does not ask.
 */
export type ClaimCheck = 'usual' | 'certain' | 'skipped';

/** Flags of a lead that stages act on. */
export const LEAD_FLAGS = {
  /** It was held for the index as long as the tenant allows. */
  indexWaitOver: 'INDEX_WAIT_OVER',
  /** The source says it is a test. */
  test: 'TEST_LEAD',
  /** What it was sent as an id only has been fetched. */
  fetched: 'FETCHED',
} as const;

/** trim: strings without leading and trailing blanks; nothing else is changed, so validation sees "true" as text and "" as present. */
export interface TrimmedFacts {
  readonly trimmed: JsonObject;
}

/** normalise: converted values under their original paths; a converted phone keeps its original beside it, as `<name>_original`. */
export interface NormalisedFacts {
  readonly normalised: JsonObject;
  /** Identity values in canonical form (e-mail lower-case, phone E.164), only where valid. */
  readonly identities: { readonly email: string | null; readonly phone: string | null };
  /** Every field that normalisation.email and normalisation.phone name, in that order. */
  readonly judgedFields: readonly JudgedField[];
}

/** Where the phone as it was sent is kept, beside its E.164 form: `phone` → `phone_original`. A sender's own member of that name stays. */
export const ORIGINAL_SUFFIX = '_original';

export interface JudgedField {
  /** Dot path. */
  readonly path: string;
  readonly kind: 'email' | 'phone';
  /** `missing`: absent, null or "". */
  readonly state: 'valid' | 'invalid' | 'missing';
}

/** dedup: the earlier lead that holds one of this lead's identities, and what this lead would claim. */
export interface DedupFacts {
  readonly duplicateOf: EarlierLead | null;
  readonly duplicateCheckSkipped: boolean;
  /** Nobody was asked, because the lead seems to be new; its claims decide. */
  readonly presumedNew?: true;
  /** Under every key of the tenant's ring; empty when there is no usable key. */
  readonly fingerprints: readonly Fingerprint[];
}

export const DECISIONS = ['PASS', 'WARN', 'REJECT', 'DUPLICATE_HINT'] as const;
export type Decision = (typeof DECISIONS)[number];

/** policy: what the tenant's policy says about a lead that may go on. */
export interface PolicyFacts {
  readonly decision: Decision;
  readonly reasonCodes: readonly string[];
  /** Without the fields the policy dropped. */
  readonly normalised: JsonObject;
  /** The normalised lead as the policy judged it, with what it dropped: the shadow policy judges the same. */
  readonly judged: JsonObject;
}

/** map: what is to be sent to whom. Empty: no destination matches, the lead is KEPT. */
export interface MappedFacts {
  readonly plannedDeliveries: readonly PlannedDelivery[];
  /** Columns of the CRM screen, for tenants that keep their leads here; null where the tenant has none configured. */
  readonly crmColumns: Readonly<Record<string, string | null>> | null;
}

export interface PlannedDelivery {
  readonly destinationId: DestinationId;
  readonly contentType: string;
  /** The exact text every attempt sends. */
  readonly payload: string;
  /** Optional values the customer's rules refuse: left out and listed. `code` is stable, the value itself is not repeated. */
  readonly omitted: readonly OmittedField[];
  /**
   * Why this destination cannot have the lead, while another one can: the delivery fails for good before anything is sent. `payload` is "",
   * so there is nothing to redeliver; `reprocess` maps anew.
   */
  readonly failure?: string;
}

export interface OmittedField {
  readonly field: string;
  readonly code: string;
  readonly detail: string;
}

export type JourneyFacts = LeadFacts & TrimmedFacts & NormalisedFacts & DedupFacts & PolicyFacts & MappedFacts;
