import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
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
import { DestinationConfig } from './destination-config.js';
import { MappingConfig } from './mapping-config.js';
import { PolicyConfig } from './policy-config.js';
import { RouteConfig } from './route-config.js';
import { SLUG, SLUG_HELP } from './slug.js';
import { SourceConfig } from './source-config.js';

/**
 * The shape of one tenant's configuration file, which is also the shape of the active version after its references were resolved.
 * Any text value may be a reference, resolved by each process when it takes the version up and never stored:
 * `env:NAME` (must be set), `env:NAME|default`, `file:PATH` (first line).
 */

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
  /** Which leads go to which destinations; without routes every lead goes to every destination. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => RouteConfig) routes?: RouteConfig[];
  /** CRM screen column (one of CRM_COLUMNS) → dot path, for tenants whose leads are kept here. */
  @IsOptional() @IsObject() crm_columns?: Record<string, string>;
}
