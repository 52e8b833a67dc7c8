import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import type { JsonValue } from '../json.js';
import { MappingConfig } from './mapping-config.js';

/**
 * The shape of one tenant's configuration file, which is also the shape of the active version after its references were resolved.
 * Any text value may be a reference, resolved by each process when it takes the version up and never stored:
 * `env:NAME` (must be set), `env:NAME|default`, `file:PATH` (first line).
 */

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
const SLUG_HELP = { message: '$property must be a slug: small letters, digits and dashes, at most 63' };

export const SOURCE_AUTHENTICATIONS = ['none', 'shared_secret'] as const;
export class SourceAuthentication {
  /** `none` answers only loopback peers without forwarding headers, unless the source says `open: true`. */
  @IsIn(SOURCE_AUTHENTICATIONS) kind!: (typeof SOURCE_AUTHENTICATIONS)[number];
  /** The header that carries the secret; `X-Shared-Secret` unless told. */
  @IsOptional() @IsString() @MinLength(1) header?: string;
  /** A reference. A shared secret that resolves to empty text counts as `none`. */
  @IsOptional() @IsString() secret?: string;
}

export class SourceIdempotency {
  /** How long a key is remembered; CONTRACTS: 24 h, 30 days on the raw CRM intake. */
  @IsInt() @Min(1) @Max(8784) ttl_hours!: number;
  /** An empty or unusable key: `ignore` takes it as absent (the two old routes), `refuse` answers 400. */
  @IsIn(['ignore', 'refuse']) invalid_key!: 'ignore' | 'refuse';
  /** 371123 and "371123" are the same when bodies are compared: for sources that keep every value as text. */
  @IsOptional() @IsBoolean() numbers_as_text?: boolean;
}

export const ANSWER_STYLES = ['webhook', 'raw_crm'] as const;
export type AnswerStyle = (typeof ANSWER_STYLES)[number];

export class SourceConfig {
  @Matches(SLUG, SLUG_HELP) name!: string;
  /** Which parser reads the body; a folder under libs/ingestion/src/sources. */
  @IsString() kind!: string;
  /** The route, without a trailing slash, e.g. `/webhooks/leads`. */
  @Matches(/^\/[A-Za-z0-9/_-]*[A-Za-z0-9_-]$/, {
    message: '$property must be an absolute path without a trailing slash, e.g. /webhooks/leads',
  })
  path!: string;
  /** The shape of the answers, one per kind of old client. */
  @IsIn(ANSWER_STYLES) answers!: AnswerStyle;
  @IsObject() @ValidateNested() @Type(() => SourceAuthentication) authentication!: SourceAuthentication;
  /** true lets an unauthenticated source answer peers other than loopback. */
  @IsOptional() @IsBoolean() open?: boolean;
  /** ISO 3166 alpha-2: the region in which a national phone number is read. Without one no national number is valid. */
  @IsOptional() @Matches(/^[A-Z]{2}$/, { message: '$property must be two capital letters, e.g. DE' }) phone_region?: string;
  @IsObject() @ValidateNested() @Type(() => SourceIdempotency) idempotency!: SourceIdempotency;
  /** `{}` is an ordinary lead on the raw CRM intake and "Empty payload" on the webhook. */
  @IsOptional() @IsBoolean() accept_empty_object?: boolean;
}

export const RULE_CHECKS = ['present', 'filled', 'matches', 'equals', 'in'] as const;
export class ValidationRule {
  /** The reason code of a lead that fails this rule. */
  @Matches(/^[A-Z][A-Z0-9_]*$/, { message: '$property must be capital letters, digits and underscores, e.g. ZIP_NOT_66XXX' }) code!: string;
  /** Dot paths; the first that is present is judged. */
  @IsArray() @ArrayNotEmpty() @IsString({ each: true }) field!: string[];
  /**
   * `present`: not missing and not null ("" is present). `filled`: present and not "".
   * The other checks pass a missing value: `present` or `filled` is what asks for it.
   */
  @IsIn(RULE_CHECKS) check!: (typeof RULE_CHECKS)[number];
  /** For `matches`: RE2 syntax, on the whole value; a number is taken as its digits. */
  @IsOptional() @IsString() pattern?: string;
  /** For `equals`: the exact text, number or true/false; `true` is not "true". */
  @IsOptional() value?: JsonValue;
  /** For `in`: exact texts, numbers or true/false. */
  @IsOptional() @IsArray() @ArrayNotEmpty() values?: JsonValue[];
}

export class RuleProfile {
  @Matches(SLUG, SLUG_HELP) name!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => ValidationRule) rules!: ValidationRule[];
}

export class RulesConfig {
  /** Which profile judges; switching is configuration only. */
  @IsString() active!: string;
  @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => RuleProfile) profiles!: RuleProfile[];
}

export class NormalisationConfig {
  /** Dot paths of e-mail addresses: lower-cased. The first valid one is the lead's e-mail identity. */
  @IsArray() @IsString({ each: true }) email!: string[];
  /** Dot paths of phone numbers: E.164 where valid. The first valid one is the lead's phone identity. */
  @IsArray() @IsString({ each: true }) phone!: string[];
  /** Dot paths of the only fields in which true/false/yes/no/ja/nein/1/0 become booleans. */
  @IsArray() @IsString({ each: true }) booleans!: string[];
  /** Dot paths whose text keeps its inner blanks and line breaks, e.g. a message; its ends are still trimmed. */
  @IsOptional() @IsArray() @IsString({ each: true }) verbatim?: string[];
}

export const ON_DUPLICATE = ['deliver', 'hold', 'reject', 'update'] as const;
export class DedupConfig {
  @IsArray() @IsIn(['email', 'phone', 'native_id'], { each: true }) identities!: ('email' | 'phone' | 'native_id')[];
  @IsInt() @Min(1) @Max(87840) window_hours!: number;
  @IsIn(ON_DUPLICATE) on_duplicate!: (typeof ON_DUPLICATE)[number];
}

/** OFF: no field is judged. A mode that the policy stage does not carry out must not be accepted here: its leads would pass unjudged. */
export const POLICY_MODES = ['OFF'] as const;
export class PolicyConfig {
  @IsIn(POLICY_MODES) mode!: (typeof POLICY_MODES)[number];
}

export class DestinationAuthentication {
  @IsIn(['none', 'bearer']) kind!: 'none' | 'bearer';
  /** A reference. A token that already begins with `Bearer ` is sent as it is. */
  @IsOptional() @IsString() token?: string;
}

export class DestinationConfig {
  @Matches(SLUG, SLUG_HELP) name!: string;
  /** A folder under libs/delivery/src/destinations. */
  @IsString() kind!: string;
  @IsString() url!: string;
  @IsObject() @ValidateNested() @Type(() => DestinationAuthentication) authentication!: DestinationAuthentication;
  /** The name of the mapping that makes this destination's payload. */
  @IsString() mapping!: string;
  /** How its answers are read (ARCHITECTURE 8): `plain` is the demo customer's simple contract. */
  @IsIn(['plain', 'standard']) answers!: 'plain' | 'standard';
  /** What a second call with the same key does at the destination; decides whether an unknown outcome may be sent again. */
  @IsIn(['keyed', 'upsert', 'search_first', 'blind']) effect!: 'keyed' | 'upsert' | 'search_first' | 'blind';
  /** Gaps after failed attempts, in multiples of LEADGATE_RETRY_BASE_SECONDS. Default 1, 2, 4, 8, 16. */
  @IsOptional() @IsArray() @IsInt({ each: true }) @Min(0, { each: true }) retry_multiples?: number[];
  /** Total time of one call, connection to last byte. Default 30. */
  @IsOptional() @IsInt() @Min(1) @Max(30) timeout_seconds?: number;
  /** Calls in flight at once, per process. Default 32. */
  @IsOptional() @IsInt() @Min(1) @Max(256) concurrency?: number;
  /** Dot path of the record's id in a JSON answer, e.g. `id`. */
  @IsOptional() @IsString() record_id_path?: string;
}

/** The columns of the table crm_leads that a tenant may fill from its leads. */
export const CRM_COLUMNS = [
  'click_id',
  'country',
  'creo',
  'description',
  'domain',
  'email',
  'first_name',
  'ip',
  'lang',
  'last_name',
  'marker',
  'offer',
  'phone',
  'sourcetype',
] as const;

export class TenantConfig {
  @Matches(SLUG, SLUG_HELP) tenant!: string;
  @IsString() @MinLength(1) name!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => SourceConfig) sources!: SourceConfig[];
  @IsObject() @ValidateNested() @Type(() => RulesConfig) rules!: RulesConfig;
  @IsObject() @ValidateNested() @Type(() => NormalisationConfig) normalisation!: NormalisationConfig;
  @IsObject() @ValidateNested() @Type(() => DedupConfig) dedup!: DedupConfig;
  @IsObject() @ValidateNested() @Type(() => PolicyConfig) policy!: PolicyConfig;
  @IsArray() @ValidateNested({ each: true }) @Type(() => MappingConfig) mappings!: MappingConfig[];
  @IsArray() @ValidateNested({ each: true }) @Type(() => DestinationConfig) destinations!: DestinationConfig[];
  /** CRM screen column (one of CRM_COLUMNS) → dot path, for tenants whose leads are kept here. */
  @IsOptional() @IsObject() crm_columns?: Record<string, string>;
}
