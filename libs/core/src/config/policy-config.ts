import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import type { JsonValue } from '../json.js';

/**
 * - `OFF`: no field is judged.
 * - `STRICT`: a field that is present but invalid rejects the lead.
 * - `SALVAGE`: an invalid optional field is dropped from the normalised lead with a warning; raw and payload keep it.
 */
export const POLICY_MODES = ['OFF', 'STRICT', 'SALVAGE'] as const;
export type PolicyMode = (typeof POLICY_MODES)[number];

/** What happens to a lead whose duplicate check could not be made. CONTRACTS 3, degraded modes. */
export const DEGRADED_MODES = ['ACCEPT_WITH_FLAG', 'REJECT', 'QUEUE'] as const;
export class DegradedConfig {
  @IsIn(DEGRADED_MODES) mode!: (typeof DEGRADED_MODES)[number];
  /** For `QUEUE`: how long a lead may wait for the index; 900 s unless told. */
  @IsOptional() @IsInt() @Min(1) @Max(900) hold_seconds?: number;
  /** For `QUEUE`: what holds when the wait is over; ACCEPT_WITH_FLAG unless told. */
  @IsOptional() @IsIn(['ACCEPT_WITH_FLAG', 'REJECT']) fallback?: 'ACCEPT_WITH_FLAG' | 'REJECT';
}

/**
 * Rules over the normalised lead. A missing value, and "" too, passes every check but `present` and `filled`.
 * - `between`: a number, or text that is one, within `min` and `max`, both included.
 * - `in_list`, `not_in_list`: the `part` of the value is (not) on the list `list`: one of the tenant's own `lists`, else one of SHIPPED_LISTS.
 * - `person_name`: it reads like the name of a person, not of an office or a team. At least `min` words begin like names: 2 unless told,
 *   which a whole name has; 1 is for fields that hold only a first or a last name.
 * - `email_quality`: it is an address of a person; `values` says which of EMAIL_CONCERNS the rule refuses.
 */
export const POLICY_CHECKS = [
  'present',
  'filled',
  'equals',
  'in',
  'matches',
  'between',
  'in_list',
  'not_in_list',
  'person_name',
  'email_quality',
] as const;

/** The lists that come with the gateway; a list of the tenant's own with the same name takes the place of one. */
export const SHIPPED_LISTS = ['role_accounts', 'no_reply', 'disposable_domains', 'free_mail_domains'] as const;
export type ShippedList = (typeof SHIPPED_LISTS)[number];
/** Of an e-mail address, what the entries of a shipped list are compared with. */
export const PART_OF_LIST: Readonly<Record<ShippedList, 'local_part' | 'domain'>> = {
  role_accounts: 'local_part',
  no_reply: 'local_part',
  disposable_domains: 'domain',
  free_mail_domains: 'domain',
};

/** What may be wrong with a valid e-mail address. The first two are refused by `email_quality` unless its `values` say otherwise. */
export const EMAIL_CONCERNS = ['no_reply', 'role_account', 'disposable', 'free_mail'] as const;
export type EmailConcern = (typeof EMAIL_CONCERNS)[number];

export class PolicyRule {
  /** The reason code of a lead that fails this rule, e.g. REJECT_POLICY_RULE or one of the tenant's own. */
  @Matches(/^[A-Z][A-Z0-9_]*$/, { message: '$property must be capital letters, digits and underscores, e.g. REJECT_POLICY_RULE' })
  code!: string;
  /** Dot paths in the normalised lead; the first that is present is judged. */
  @IsArray() @ArrayNotEmpty() @IsString({ each: true }) field!: string[];
  @IsIn(POLICY_CHECKS) check!: (typeof POLICY_CHECKS)[number];
  @IsOptional() @IsString() pattern?: string;
  @IsOptional() value?: JsonValue;
  @IsOptional() @IsArray() @ArrayNotEmpty() values?: JsonValue[];
  @IsOptional() @IsNumber() min?: number;
  @IsOptional() @IsNumber() max?: number;
  @IsOptional() @IsString() list?: string;
  /** Of an e-mail address, what is looked up: the whole value unless told. */
  @IsOptional() @IsIn(['value', 'local_part', 'domain']) part?: 'value' | 'local_part' | 'domain';
  /** `reject` unless told; `warn` lets the lead go on as WARN with the code. */
  @IsOptional() @IsIn(['reject', 'warn']) effect?: 'reject' | 'warn';
}

/** A policy that judges a sample of the leads after they were answered, and changes nothing. */
export const SHADOW_STATES = ['active', 'paused', 'archived'] as const;
export class ShadowPolicy {
  @IsIn(SHADOW_STATES) state!: (typeof SHADOW_STATES)[number];
  @IsIn(POLICY_MODES) mode!: PolicyMode;
  @IsOptional() @IsArray() @IsString({ each: true }) required?: string[];
  @IsOptional() @IsBoolean() blocked?: boolean;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => PolicyRule) rules?: PolicyRule[];
}

export class PolicyConfig {
  @IsIn(POLICY_MODES) mode!: PolicyMode;
  /** Dot paths that must hold a valid value; `[email]` unless told. Every other path of normalisation.email and .phone is optional. */
  @IsOptional() @IsArray() @IsString({ each: true }) required?: string[];
  /** true refuses every lead of the tenant (REJECT_TENANT_BLOCKED). */
  @IsOptional() @IsBoolean() blocked?: boolean;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => DegradedConfig) degraded?: DegradedConfig;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => PolicyRule) rules?: PolicyRule[];
  /** The tenant's own lists for in_list and not_in_list: name → entries, compared in small letters. */
  @IsOptional() @IsObject() lists?: Record<string, string[]>;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => ShadowPolicy) shadow?: ShadowPolicy;
}
