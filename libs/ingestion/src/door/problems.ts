import { problemOf, type Problem, type ProblemError } from '#platform';
import type { AnswerStyle } from '../answers/answer-style.js';
import { VERDICTS, type BodyIssue, type Refusal, type RefusalVerdict } from '../body/refusal.js';

/** Answers that are not refusals of a stored request. */
const UNSTORED = { method_not_allowed: 405, rate_limited: 429, undecided: 503, unavailable: 503, internal_error: 500 } as const;
export type UnstoredCode = keyof typeof UNSTORED;

const TITLES: Readonly<Record<RefusalVerdict | UnstoredCode, string>> = {
  no_lead: 'No lead in the request',
  empty_body: 'Empty payload',
  malformed_json: 'Malformed JSON',
  not_an_object: 'Not a JSON object',
  too_deep: 'Nested too deeply',
  invalid_utf8: 'Invalid UTF-8',
  prototype_key: 'Refused name',
  duplicate_keys: 'Duplicate names',
  malformed_form: 'Malformed form',
  unexpected_shape: 'Not what this source sends',
  invalid_webhook_id: 'Invalid webhook-id',
  invalid_idempotency_key: 'Invalid Idempotency-Key',
  missing_authentication: 'Missing authentication header',
  invalid_authentication: 'Invalid authentication credentials',
  source_not_open: 'Source not open',
  unknown_tenant: 'Unknown tenant',
  body_too_large: 'Payload too large',
  unsupported_media_type: 'Unsupported media type',
  unsupported_encoding: 'Unsupported content encoding',
  unsupported_charset: 'Unsupported charset',
  schema_invalid: 'Unprocessable content',
  idempotency_key_reused: 'Idempotency key reused',
  unknown_source_kind: 'Source not usable',
  method_not_allowed: 'Method not allowed',
  rate_limited: 'Too many requests',
  undecided: 'Not decided yet',
  unavailable: 'Service unavailable',
  internal_error: 'Internal server error',
};

/** Faults of a header, not of the body. */
const OF_HEADERS: ReadonlySet<RefusalVerdict> = new Set(['invalid_idempotency_key', 'invalid_webhook_id']);

/** The status of a refusal, which is also stored with the request. */
export function refusalStatus(verdict: RefusalVerdict, { badBodyStatus }: Pick<AnswerStyle, 'badBodyStatus'>): number {
  const status = VERDICTS[verdict];
  return status === 400 && !OF_HEADERS.has(verdict) ? badBodyStatus : status;
}

export function refusalProblem({ verdict, detail, pointer, issues = [] }: Refusal, status: number, requestId: string): Problem {
  const errors = issues.length === 0 ? [{ pointer: pointer ?? '', code: verdict, detail }] : issues.map(errorOf);
  return problemOf(requestId, { status, code: verdict, title: TITLES[verdict], detail, errors });
}

function errorOf({ type, loc, msg }: BodyIssue): ProblemError {
  const [, ...names] = loc;
  return { pointer: names.map((name) => `/${name}`).join(''), code: type, detail: msg };
}

export function unstoredProblem(code: UnstoredCode, detail: string, requestId: string): Problem {
  return problemOf(requestId, { status: UNSTORED[code], code, title: TITLES[code], detail });
}
