import { isJsonObject, type AnswerMeaning, type JsonValue } from '#core';

export interface GraphError {
  /** `GRAPH_<code>` or `GRAPH_<code>_<subcode>`. */
  readonly errorCode: string;
  /** null: the code is none of those below; the status counts. */
  readonly meaning: AnswerMeaning | null;
}

/**
 * What the Graph API's errors mean; it answers most of them with status 400 (developers.facebook.com, Graph API, "Handle Errors" and "Rate
 * Limits").
 *
 * | code                          | what it is                                              | meaning     |
 * |-------------------------------|---------------------------------------------------------|-------------|
 * | 102, 190                      | the token ran out, was revoked or is none               | refuses us  |
 * | 3, 10, 200–299                | the token lacks a permission                            | refuses us  |
 * | 1, 2                          | a fault over there                                      | retry       |
 * | 4, 17, 32, 341, 613           | too many calls of the app, the user or the page         | retry       |
 * | 80000–80014                   | the same for a business; 80005 is lead retrieval        | retry       |
 * | any with `is_transient: true` | over there they say so                                  | retry       |
 * | 100 and 803                   | there is no such object (100/33), or not for this token | refused     |
 */
export function classifyGraphError(answer: JsonValue): GraphError | null {
  const error = isJsonObject(answer) ? answer['error'] : undefined;
  if (!isJsonObject(error)) return null;
  const code = wholeNumber(error['code']);
  if (code === null) return null;
  const subcode = wholeNumber(error['error_subcode']);
  const name = subcode === null ? `${code}` : `${code}/${subcode}`;
  return { errorCode: `GRAPH_${name.replace('/', '_')}`, meaning: meaningOf(code, name, error['is_transient'] === true) };
}

function meaningOf(code: number, name: string, transient: boolean): AnswerMeaning | null {
  if (code === 102 || code === 190)
    return { kind: 'refuses_us', cause: `Graph error ${name}: the access token is not valid any more; renew fetch.access_token` };
  if (code === 3 || code === 10 || (code >= 200 && code <= 299))
    return { kind: 'refuses_us', cause: `Graph error ${name}: the access token lacks a permission; it needs leads_retrieval` };
  if ([4, 17, 32, 341, 613].includes(code) || (code >= 80_000 && code <= 80_014))
    return { kind: 'retry', cause: `Graph error ${name}: too many calls` };
  if (transient || code === 1 || code === 2) return { kind: 'retry', cause: `Graph error ${name}: a fault at the other end` };
  if (code === 100 || code === 803)
    return { kind: 'refused', cause: `Graph error ${name}: there is no such lead, or this token may not see it` };
  return null;
}

function wholeNumber(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** The longest wait that `X-Business-Use-Case-Usage` names (it counts in minutes), in seconds; null when it names none. */
export function regainAccessSeconds(header: string | string[] | undefined): number | null {
  let usage: unknown;
  try {
    usage = JSON.parse(typeof header === 'string' ? header : '{}');
  } catch {
    return null;
  }
  const limits = isJsonObject(usage) ? Object.values(usage).flat() : [];
  const minutes = limits.map((limit) => (isJsonObject(limit) ? wholeNumber(limit['estimated_time_to_regain_access']) : null) ?? 0);
  const longest = Math.max(0, ...minutes);
  return longest === 0 ? null : longest * 60;
}
