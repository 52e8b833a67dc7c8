import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { RetryMultiples } from './retry-multiples.js';
import { SLUG, SLUG_HELP } from './slug.js';

/**
 * How a sender proves who it is:
 * - `none`: only loopback peers without forwarding headers, unless the source says `open: true`.
 * - `shared_secret`: the secret itself in a header (`header`, preset X-Shared-Secret).
 * - `api_key`: `Authorization: Bearer lg_…`, made by `leadgate api-keys create` and stored as a hash. Sources with keys may share a path.
 * - `hmac_signature`: HMAC-SHA256 of the raw body under the secret, `sha256=<digest>` in `header` (preset X-Hub-Signature-256, as GitHub and
 *   Meta send it; Typeform-Signature with `encoding: base64`).
 * - `standard_webhooks`: webhook-id, webhook-timestamp, webhook-signature; the secret is `whsec_<base64>` or plain text.
 * - `body_secret`: the secret is the text at `field` in the body (Google's `google_key`); it is overwritten before anything is stored.
 */
export const SOURCE_AUTHENTICATIONS = ['none', 'shared_secret', 'api_key', 'hmac_signature', 'standard_webhooks', 'body_secret'] as const;
export type SourceAuthenticationKind = (typeof SOURCE_AUTHENTICATIONS)[number];

export class SourceAuthentication {
  @IsIn(SOURCE_AUTHENTICATIONS) kind!: SourceAuthenticationKind;
  /** The header that carries the secret or the signature. */
  @IsOptional() @IsString() @MinLength(1) header?: string;
  /** For `hmac_signature`: how the digest is written; hex unless told. */
  @IsOptional() @IsIn(['hex', 'base64']) encoding?: 'hex' | 'base64';
  /** For `body_secret`: the member of the body that carries it. */
  @IsOptional() @IsString() @MinLength(1) field?: string;
  /** A reference. A secret that resolves to empty text counts as `none`. */
  @IsOptional() @IsString() secret?: string;
  /** A reference to the secret before: while a sender changes over, both are taken. */
  @IsOptional() @IsString() previous_secret?: string;
}

/** What makes a repeated request the same one: the Idempotency-Key header, the webhook-id header, or a member of the body. */
export const IDEMPOTENCY_KEYS = ['header', 'webhook_id', 'body_field'] as const;

export class SourceIdempotency {
  /** How long a key is remembered; CONTRACTS: 24 h, 30 days on the raw CRM intake. A lead's native id is remembered for ever. */
  @IsInt() @Min(1) @Max(8784) ttl_hours!: number;
  /** An empty or unusable key: `ignore` takes it as absent (the two old routes), `refuse` answers 400. */
  @IsIn(['ignore', 'refuse']) invalid_key!: 'ignore' | 'refuse';
  /** 371123 and "371123" are the same when bodies are compared: for sources that keep every value as text. */
  @IsOptional() @IsBoolean() numbers_as_text?: boolean;
  /** Where the key is; `header` unless told. */
  @IsOptional() @IsIn(IDEMPOTENCY_KEYS) key?: (typeof IDEMPOTENCY_KEYS)[number];
  /** For `body_field`: dot path of the text or number that is the key, e.g. `source_id`. */
  @IsOptional() @IsString() @MinLength(1) field?: string;
  /** The same key with another body: `refuse` (422, both are kept), or `new_submission`: a further lead, linked to the first. */
  @IsOptional() @IsIn(['refuse', 'new_submission']) other_body?: 'refuse' | 'new_submission';
}

/** For sources that send ids only: where the lead itself is fetched. Its attempts are those of a delivery. */
export class SourceFetch {
  /** E.g. `https://graph.facebook.com/v21.0`. */
  @IsUrl({ require_tld: false, protocols: ['http', 'https'], require_protocol: true }) base_url!: string;
  /** A reference. */
  @IsString() access_token!: string;
  /** Gaps after failed attempts, in multiples of LEADGATE_RETRY_BASE_SECONDS. Default 1, 2, 4 … 64, 120, 240, 480: eight hours. */
  @RetryMultiples() retry_multiples?: number[];
  /** Total time of one call. Default 30. */
  @IsOptional() @IsInt() @Min(1) @Max(30) timeout_seconds?: number;
}

export const ANSWER_STYLES = ['webhook', 'raw_crm', 'guard', 'v1', 'acknowledge'] as const;
export type AnswerStyle = (typeof ANSWER_STYLES)[number];

export const SOURCE_TYPES = ['API', 'WEBHOOK', 'IMPORT', 'FORM'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

export class SourceConfig {
  @Matches(SLUG, SLUG_HELP) name!: string;
  /** Which parser reads the body; a folder under libs/ingestion/src/sources. */
  @IsString() kind!: string;
  /** The route, without a trailing slash, e.g. `/webhooks/leads`. */
  @Matches(/^\/[A-Za-z0-9/_-]*[A-Za-z0-9_-]$/, {
    message: '$property must be an absolute path without a trailing slash, e.g. /webhooks/leads',
  })
  path!: string;
  /** The shape of the answers, one per kind of client. */
  @IsIn(ANSWER_STYLES) answers!: AnswerStyle;
  @IsObject() @ValidateNested() @Type(() => SourceAuthentication) authentication!: SourceAuthentication;
  /** true lets an unauthenticated source answer peers other than loopback. */
  @IsOptional() @IsBoolean() open?: boolean;
  /** Requests a minute per address and process; without authentication LEADGATE_RATE_LIMIT_PER_MINUTE unless told, else no limit. */
  @IsOptional() @IsInt() @Min(0) @Max(1_000_000_000) rate_limit_per_minute?: number;
  /** ISO 3166 alpha-2: the region in which a national phone number is read. Without one no national number is valid. */
  @IsOptional() @Matches(/^[A-Z]{2}$/, { message: '$property must be two capital letters, e.g. DE' }) phone_region?: string;
  /** How its leads are counted; WEBHOOK unless told. On the guard's route the request says it. */
  @IsOptional() @IsIn(SOURCE_TYPES) source_type?: SourceType;
  @IsObject() @ValidateNested() @Type(() => SourceIdempotency) idempotency!: SourceIdempotency;
  /** `{}` is an ordinary lead on the raw CRM intake and "Empty payload" on the webhook. */
  @IsOptional() @IsBoolean() accept_empty_object?: boolean;
  /** For kinds whose forms give every field an id of their own: id → dot path in the lead, e.g. `{a1B2: email}`. */
  @IsOptional() @IsObject() field_names?: Record<string, string>;
  /** A reference: what the sender repeats when it asks for a handshake (Meta: hub.verify_token). */
  @IsOptional() @IsString() handshake_token?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => SourceFetch) fetch?: SourceFetch;
}
