import type { CallOutcome } from '#platform';
import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import { KeysUnreadable } from '../key-provider.port.js';

/** Time for one look, connection to last byte; the last good keys hold meanwhile. */
export const LOOK_LIMIT_MS = 5000;

/** The JSON object of a 200. What else came is told by `explain`, or by its status alone: a body may hold secrets. @throws KeysUnreadable */
export function answeredObject(
  from: string,
  outcome: CallOutcome,
  explain: (status: number, body: JsonObject) => string | undefined,
): JsonObject {
  if (outcome.kind !== 'answered') throw new KeysUnreadable(`${from} does not answer: ${outcome.cause}`);
  const body = objectIn(outcome.body);
  if (outcome.statusCode !== 200) {
    const reason = explain(outcome.statusCode, body ?? {});
    throw new KeysUnreadable(`${from} answered ${outcome.statusCode}${reason === undefined ? '' : `: ${reason}`}`);
  }
  if (!outcome.bodyComplete || body === undefined)
    throw new KeysUnreadable(`${from} answered 200 with something that is not a whole JSON object`);
  return body;
}

function objectIn(body: Buffer): JsonObject | undefined {
  try {
    const content = JSON.parse(body.toString('utf8')) as JsonValue;
    return isJsonObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
