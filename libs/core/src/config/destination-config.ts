import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
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
  MinLength,
  ValidateNested,
} from 'class-validator';
import type { JsonValue } from '../json.js';
import { RetryMultiples } from './retry-multiples.js';
import { SLUG, SLUG_HELP } from './slug.js';

/**
 * How we prove to a destination who we are. Every secret is a reference.
 * - `none`
 * - `bearer`: `Authorization: Bearer <token>`.
 * - `basic`: `Authorization: Basic …` of `username` and `password`.
 * - `api_key`: `key` in the header `header`, e.g. X-Api-Key.
 * - `oauth2_client_credentials`: a bearer token that is asked for at `token_url` (RFC 6749, 4.4) and kept until shortly before it expires.
 * - `standard_webhooks`: webhook-id, webhook-timestamp and webhook-signature; with a `previous_secret` both signatures are sent, so that
 *   the receiver can change over at its own time.
 */
export const DESTINATION_AUTHENTICATIONS = [
  'none',
  'bearer',
  'basic',
  'api_key',
  'oauth2_client_credentials',
  'standard_webhooks',
] as const;
export type DestinationAuthenticationKind = (typeof DESTINATION_AUTHENTICATIONS)[number];

export class DestinationAuthentication {
  @IsIn(DESTINATION_AUTHENTICATIONS) kind!: DestinationAuthenticationKind;
  /** A reference. A token that already begins with `Bearer ` is sent as it is. */
  @IsOptional() @IsString() token?: string;
  @IsOptional() @IsString() @MinLength(1) username?: string;
  /** A reference. */
  @IsOptional() @IsString() password?: string;
  @IsOptional() @IsString() @MinLength(1) header?: string;
  /** A reference. */
  @IsOptional() @IsString() key?: string;
  @IsOptional() @IsString() @MinLength(1) token_url?: string;
  @IsOptional() @IsString() @MinLength(1) client_id?: string;
  /** A reference. */
  @IsOptional() @IsString() client_secret?: string;
  /** Blanks between several. */
  @IsOptional() @IsString() @MinLength(1) scope?: string;
  @IsOptional() @IsString() @MinLength(1) audience?: string;
  /** Where the token endpoint wants client id and secret: in the `header` (RFC 6749, 2.3.1) unless told, or in the `body`. */
  @IsOptional() @IsIn(['header', 'body']) client_in?: 'header' | 'body';
  /** A reference: `whsec_<base64>`, or plain text. */
  @IsOptional() @IsString() secret?: string;
  /** A reference to the secret before. */
  @IsOptional() @IsString() previous_secret?: string;
}

/**
 * A rule over an answer. It holds when its status fits and, where it names one, its condition does: at most one of `equals`, `one_of`,
 * `matches` and `exists`, about the value at `path` in a JSON answer. `matches` without `path` judges the whole text of the answer.
 */
export class AnswerRule {
  /** `2xx`, `201` or `200-204`; 2xx unless told. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'number' ? `${value}` : value))
  @IsOptional()
  @Matches(/^[2-5](?:xx|\d\d|\d\d-[2-5]\d\d)$/, { message: '$property must be a status such as 2xx, 201 or 200-204' })
  status?: string;
  /** Dot path in a JSON answer; a step into a list is its index from 0, e.g. `results.0.success`. */
  @IsOptional() @IsString() @MinLength(1) path?: string;
  /** The exact text, number or true/false. */
  @IsOptional() equals?: JsonValue;
  @IsOptional() @IsArray() @ArrayNotEmpty() one_of?: JsonValue[];
  /** RE2 syntax, on the whole value; a number is taken as its digits. */
  @IsOptional() @IsString() matches?: string;
  /** true: it is there and not null. */
  @IsOptional() @IsBoolean() exists?: boolean;
}

/** An answer that says the destination already has the lead. */
export class DuplicateRule extends AnswerRule {
  /**
   * Where the answer names the record's external id. The lead counts as delivered only where that is this lead's id or its delivery's key;
   * else the answer is read by its status. Without it, what the rule recognises is believed.
   */
  @IsOptional() @IsString() @MinLength(1) ours_path?: string;
  /** Where the answer names the id of the record that is there already; the destination's record_id_path unless told. */
  @IsOptional() @IsString() @MinLength(1) record_id_path?: string;
}

export const DESTINATION_BODIES = ['json', 'form', 'xml'] as const;
export type DestinationBody = (typeof DESTINATION_BODIES)[number];

/** When calls to a destination stop because it fails, and when the next one tries. */
export class BreakerConfig {
  /** Failures of different leads in a row after which nothing is sent to it. Default 5. */
  @IsOptional() @IsInt() @Min(1) @Max(1000) failures?: number;
  /** Until one call tries again, in multiples of LEADGATE_RETRY_BASE_SECONDS. Default 10. */
  @IsOptional() @IsInt() @Min(1) @Max(1000) probe_multiple?: number;
  /** true: every lead is sent at its time, however many fail. */
  @IsOptional() @IsBoolean() off?: boolean;
}

export class DestinationConfig {
  @Matches(SLUG, SLUG_HELP) name!: string;
  /** A folder under libs/delivery/src/destinations. */
  @IsString() kind!: string;
  /** Kinds that call somebody ask for it. */
  @IsOptional() @IsString() url!: string;
  @IsObject() @ValidateNested() @Type(() => DestinationAuthentication) authentication!: DestinationAuthentication;
  /** The name of the mapping that makes this destination's payload. */
  @IsString() mapping!: string;
  /** What the payload is written as; `json` unless told. `form`: application/x-www-form-urlencoded, `lead[phone]=…`. */
  @IsOptional() @IsIn(DESTINATION_BODIES) body?: DestinationBody;
  /** For `body: xml`: the name of the outermost element; `lead` unless told. */
  @IsOptional() @IsString() @MinLength(1) xml_root?: string;
  /** How its answers are read (ARCHITECTURE 8): `plain` is the demo customer's simple contract. */
  @IsIn(['plain', 'standard']) answers!: 'plain' | 'standard';
  /** What a second call with the same key does at the destination; decides whether an unknown outcome may be sent again. */
  @IsIn(['keyed', 'upsert', 'search_first', 'blind']) effect!: 'keyed' | 'upsert' | 'search_first' | 'blind';
  /** Which answers mean that the destination took the lead: any of these rules. Absent: 2xx that is no page for people. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => AnswerRule) success?: AnswerRule[];
  /** Which answers mean that it has had the lead already: any of these rules, asked before `success`. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @ValidateNested({ each: true }) @Type(() => DuplicateRule) duplicate?: DuplicateRule[];
  /** Gaps after failed attempts, in multiples of LEADGATE_RETRY_BASE_SECONDS. Default 1, 2, 4, 8, 16. */
  @RetryMultiples() retry_multiples?: number[];
  /** Total time of one call, connection to last byte. Default 30. */
  @IsOptional() @IsInt() @Min(1) @Max(30) timeout_seconds?: number;
  /** Calls in flight at once, of all processes together. Absent: 32 for each process, or what its kind asks for. */
  @IsOptional() @IsInt() @Min(1) @Max(256) concurrency?: number;
  /** Calls a second at most, of all processes together; 0.5 is one every two seconds. Absent: as many as it takes. */
  @IsOptional() @IsNumber() @Min(0.01) @Max(10_000) rate_per_second?: number;
  /** Absent: 5 failures, a probe after 10 × LEADGATE_RETRY_BASE_SECONDS. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => BreakerConfig) breaker?: BreakerConfig;
  /** Dot path of the record's id in a JSON answer, e.g. `id`. */
  @IsOptional() @IsString() record_id_path?: string;
  /** Where a person looks at the record, e.g. `https://crm.example.com/leads/{record_id}`; shown with the delivery. */
  @IsOptional() @IsString() record_url?: string;
  /** What only this kind of destination takes; the kind itself checks it. */
  @IsOptional() @IsObject() options?: Record<string, JsonValue>;
}

/** The statuses an AnswerRule is about, both ends included. @param status of a checked rule */
export function statusRange(status = '2xx'): { readonly lowest: number; readonly highest: number } {
  if (status.endsWith('xx')) return { lowest: Number(status[0]) * 100, highest: Number(status[0]) * 100 + 99 };
  const [lowest, highest = lowest] = status.split('-').map(Number);
  return { lowest: lowest as number, highest: highest as number };
}
