import { isJsonObject, type AnswerMeaning, type JsonObject, type JsonValue } from '#core';
import { codeIn } from '../in-batches/read-json.js';

/** What HubSpot says went wrong, in its codes. */
export interface HubSpotError {
  /** `HUBSPOT_<code>`: the most telling of its codes. */
  readonly errorCode: string;
  /** undefined: the codes say nothing that the status does not; it counts. */
  readonly meaning: AnswerMeaning | undefined;
  /** null: it names no time. */
  readonly retryAfterSeconds: number | null;
  /** Codes and the id of the exchange, for people. */
  readonly excerpt: JsonObject;
}

/** Limits by the word in `policyName`, and the pause where no `Retry-After` comes with it. A daily limit ends at the account's midnight. */
const LIMIT_SECONDS: Readonly<Record<string, number>> = { SECONDLY: 1, TEN_SECONDLY_ROLLING: 10, DAILY: 3600 };
/** HubSpot: "Locks will last for 2 seconds." */
const LOCK_SECONDS = 2;

const REFUSES_US = ['MISSING_SCOPES', 'INVALID_AUTHENTICATION', 'EXPIRED_AUTHENTICATION', 'REVOKED_AUTHENTICATION', 'BANNED'];
const REFUSED = ['VALIDATION_ERROR', 'OBJECT_NOT_FOUND', 'BAD_REQUEST', 'INVALID_INPUT'];

/**
 * What HubSpot's errors mean, of a whole call or of one contact in it (HubSpot API reference, "Error handling" and "Usage guidelines").
 *
 * | error                                                  | meaning                                             |
 * |--------------------------------------------------------|-----------------------------------------------------|
 * | MISSING_SCOPES, …_AUTHENTICATION                       | refuses us: the token, or what it may do            |
 * | RATE_LIMITS, RATE_LIMIT                                | retry, not before the limit in `policyName` is over |
 * | 423, the account is locked for two seconds             | retry                                               |
 * | 477, the account is moved to other machines            | retry, not before Retry-After                       |
 * | CONFLICT, somebody made the contact at the same moment | retry: the next call finds it                       |
 * | VALIDATION_ERROR, OBJECT_NOT_FOUND, …                  | refused: this contact as it is                      |
 * | another one of a single contact                        | retry, which an upsert takes                        |
 * | another one of a whole call                            | the status counts                                   |
 *
 * Messages are never repeated: they quote what was sent.
 * @param statusCode of the call; null where the error is that of one contact in a call that went well
 * @param error the answer, or one member of its `errors`
 * @param properties names of what was sent: the only words of a message that may be kept
 */
export function classifyHubSpotError(
  statusCode: number | null,
  error: JsonValue | undefined,
  properties: readonly string[] = [],
): HubSpotError | null {
  const said = isJsonObject(error) ? error : {};
  const category = codeIn(said['category']) ?? codeIn(said['errorType']);
  const policy = codeIn(said['policyName']);
  const details = [...detailsIn(said['errors']), ...invalidPropertiesIn(said['message'], properties)];
  const seconds = statusCode === 423 ? LOCK_SECONDS : policy === null ? null : (LIMIT_SECONDS[policy] ?? null);
  const passing = statusCode === 423 ? 'LOCKED' : statusCode === 477 ? 'MIGRATION_IN_PROGRESS' : null;
  const code = passing ?? policy ?? details[0]?.split(' ')[0] ?? category;
  if (code == null && statusCode !== null) return null;
  const words = [category, policy, ...details].filter((word) => word !== null);
  const cause = `HubSpot: ${[...new Set(words)].join(', ') || passing || 'an error of this contact'}`;
  return {
    errorCode: `HUBSPOT_${code ?? 'ERROR'}`,
    meaning: meaningOf({ category, passes: passing !== null || statusCode === 429, ofThisLead: statusCode === null }, cause),
    retryAfterSeconds: seconds,
    excerpt: {
      ...(category === null ? {} : { category }),
      ...(policy === null ? {} : { policyName: policy }),
      ...(details.length === 0 ? {} : { errors: details }),
      ...exchangeIn(said['correlationId']),
    },
  };
}

function meaningOf(
  { category, passes, ofThisLead }: { readonly category: string | null; readonly passes: boolean; readonly ofThisLead: boolean },
  cause: string,
): AnswerMeaning | undefined {
  if (passes || category === 'RATE_LIMITS' || category === 'RATE_LIMIT') return { kind: 'retry', cause };
  if (category === 'CONFLICT') return { kind: 'retry', cause, ofThisLead: true };
  if (category !== null && REFUSES_US.includes(category)) return { kind: 'refuses_us', cause };
  if (category !== null && REFUSED.includes(category)) return { kind: 'refused', cause };
  return ofThisLead ? { kind: 'retry', cause, ofThisLead } : undefined;
}

/** Codes of the single errors of an error. */
function detailsIn(errors: JsonValue | undefined): string[] {
  if (!Array.isArray(errors)) return [];
  return errors.flatMap((one) => {
    const code = isJsonObject(one) ? (codeIn(one['code']) ?? codeIn(one['subCategory'])) : null;
    return code === null ? [] : [code];
  });
}

/** `Property values were not valid: [{"error":"INVALID_EMAIL","name":"email",…}]` as `INVALID_EMAIL (email)`. */
function invalidPropertiesIn(message: JsonValue | undefined, properties: readonly string[]): string[] {
  const begin = typeof message === 'string' ? message.indexOf('[{') : -1;
  if (typeof message !== 'string' || begin < 0) return [];
  let listed: unknown;
  try {
    listed = JSON.parse(message.slice(begin, message.lastIndexOf(']') + 1));
  } catch {
    return [];
  }
  return (Array.isArray(listed) ? listed : []).slice(0, 10).flatMap((one: unknown) => {
    const code = isJsonObject(one) ? codeIn(one['error']) : null;
    if (!isJsonObject(one) || code === null) return [];
    return [properties.some((name) => name === one['name']) ? `${code} (${String(one['name'])})` : code];
  });
}

/** What HubSpot's support asks for. */
function exchangeIn(id: JsonValue | undefined): JsonObject {
  return typeof id === 'string' && /^[0-9a-f-]{36}$/i.test(id) ? { correlationId: id } : {};
}
