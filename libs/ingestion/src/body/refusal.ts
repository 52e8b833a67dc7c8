/**
 * Why a request did not become a lead. The verdict is what stands in `inbound_requests.verdict`, in the problem's `type` and in its
 * `errors[].code`; details are sentences for people and never repeat what was sent.
 */
export const VERDICTS = {
  accepted: 200,
  /** The same body again, in other bytes, under a key that already has its lead. */
  replayed: 200,
  /** Understood, and there is no lead in it: answered 2xx, because its sender repeats and finally switches off what is not. */
  no_lead: 200,
  empty_body: 400,
  malformed_json: 400,
  not_an_object: 400,
  too_deep: 400,
  invalid_utf8: 400,
  prototype_key: 400,
  duplicate_keys: 400,
  malformed_form: 400,
  /** Well formed, but not what this kind of source sends. */
  unexpected_shape: 400,
  invalid_idempotency_key: 400,
  invalid_webhook_id: 400,
  missing_authentication: 401,
  invalid_authentication: 401,
  source_not_open: 403,
  /** The body names a tenant that shares this route and is not there. */
  unknown_tenant: 404,
  body_too_large: 413,
  unsupported_media_type: 415,
  unsupported_encoding: 415,
  unsupported_charset: 415,
  /** Well-formed, but members are missing or of another type than the route's schema says. */
  schema_invalid: 422,
  idempotency_key_reused: 422,
  unknown_source_kind: 503,
} as const satisfies Record<string, number>;

export type Verdict = keyof typeof VERDICTS;
export type RefusalVerdict = Exclude<Verdict, 'accepted' | 'replayed'>;

export const REFUSAL_VERDICTS = (Object.keys(VERDICTS) as Verdict[]).filter(
  (verdict): verdict is RefusalVerdict => verdict !== 'accepted' && verdict !== 'replayed',
);

/** One fault of a body, in the words the guard's old clients read. `loc` leads to the place: `body`, then names or a position; `msg` never repeats a value. */
export interface BodyIssue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
}

export interface Refusal {
  readonly verdict: RefusalVerdict;
  /** What is wrong and what mends it, without anything of the input. */
  readonly detail: string;
  /** JSON pointer of the place, where it is known. */
  readonly pointer?: string;
  /** Every fault by itself, on routes with a schema. */
  readonly issues?: readonly BodyIssue[];
}

export const refuse = (verdict: RefusalVerdict, detail: string, pointer?: string): Refusal =>
  pointer === undefined ? { verdict, detail } : { verdict, detail, pointer };

export const isRefusal = (value: object): value is Refusal => 'verdict' in value;
