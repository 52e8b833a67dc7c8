import { problemOf, type Problem } from '#platform';
import { VERDICTS, type Refusal, type RefusalVerdict } from '../body/refusal.js';

/** Answers that are not refusals of a stored request. */
const UNSTORED = { method_not_allowed: 405, rate_limited: 429, unavailable: 503, internal_error: 500 } as const;
type UnstoredCode = keyof typeof UNSTORED;

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
  body_too_large: 'Payload too large',
  unsupported_media_type: 'Unsupported media type',
  unsupported_encoding: 'Unsupported content encoding',
  unsupported_charset: 'Unsupported charset',
  idempotency_key_reused: 'Idempotency key reused',
  unknown_source_kind: 'Source not usable',
  method_not_allowed: 'Method not allowed',
  rate_limited: 'Too many requests',
  unavailable: 'Service unavailable',
  internal_error: 'Internal server error',
};

export function refusalProblem({ verdict, detail, pointer }: Refusal, requestId: string): Problem {
  const errors = [{ pointer: pointer ?? '', code: verdict, detail }];
  return problemOf(requestId, { status: VERDICTS[verdict], code: verdict, title: TITLES[verdict], detail, errors });
}

export function unstoredProblem(code: UnstoredCode, detail: string, requestId: string): Problem {
  return problemOf(requestId, { status: UNSTORED[code], code, title: TITLES[code], detail });
}
