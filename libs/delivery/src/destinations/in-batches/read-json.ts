import { isHtmlPage, isJsonObject, parseRetryAfter, readAnswerJson, type AnswerMeaning, type JsonObject, type JsonValue } from '#core';
import type { CallOutcome } from '#platform';
import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import { PROTOCOL_ERROR } from '../over-http/read-http-answer.js';

export type Answered = Extract<CallOutcome, { kind: 'answered' }>;

/** What an answer says for one delivery, beyond its status. */
export interface AnswerParts {
  readonly success: boolean;
  readonly errorCode: string | null;
  readonly decidedBy: string | null;
  readonly recordId?: string | null;
  readonly meaning?: AnswerMeaning | undefined;
  /** Where the destination names no time itself. */
  readonly retryAfterSeconds?: number | null;
  /** Codes and ids of the destination; nothing that came with a lead. */
  readonly excerpt?: Readonly<Record<string, JsonValue>>;
}

/**
 * The answer of one delivery out of a call for several. Its excerpt is made of codes and ids and never of the text that arrived, which names
 * the other people of the batch as well.
 */
export function answerOf({ statusCode, headers }: Answered, parts: AnswerParts): DestinationAnswer {
  const asked = parseRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, Date.now());
  return {
    signal: {
      kind: 'answered',
      statusCode,
      successRule: parts.success,
      retryAfterSeconds: asked ?? parts.retryAfterSeconds ?? null,
      ...(parts.meaning === undefined ? {} : { meaning: parts.meaning }),
    },
    errorCode: parts.errorCode,
    excerpt: parts.excerpt === undefined ? null : JSON.stringify(parts.excerpt),
    recordId: parts.recordId ?? null,
    decidedBy: parts.decidedBy,
  };
}

/** undefined: it is no JSON. */
export function jsonIn({ body }: Answered): JsonValue | undefined {
  return readAnswerJson(body.toString('utf8'));
}

/**
 * What a delivery sends, as an object. null: it is none, because the lead was decided while its destination was of another kind; no attempt
 * will mend that, deciding the lead anew does.
 */
export function objectIn({ payload }: Pick<DestinationCall, 'payload'>): JsonObject | null {
  const value = readAnswerJson(payload);
  return value !== undefined && isJsonObject(value) ? value : null;
}

/** A status of success without the answer that goes with it: what took effect is not known. */
export function protocolError(answered: Answered): DestinationAnswer {
  const text = answered.body.toString('utf8');
  const why = isHtmlPage(text) ? 'html_page' : !answered.bodyComplete ? 'broken_off' : text.trim() === '' ? 'empty' : 'not_json';
  return answerOf(answered, { success: false, errorCode: PROTOCOL_ERROR, decidedBy: `protocol:${why}` });
}

/** The destination answered and said nothing of this delivery: whether it took effect is not known. */
export function noResult(answered: Answered): DestinationAnswer {
  return answerOf(answered, { success: false, errorCode: 'NO_RESULT', decidedBy: 'protocol:no_result' });
}

/** A code such as INVALID_EMAIL, and nothing else that a message may hold. */
export function codeIn(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{1,59}$/.test(value) ? value : null;
}
