import { judgeAnswer, parseRetryAfter, type AnswerRules } from '#core';
import { answerExcerpt, type CallOutcome } from '#platform';
import type { DestinationAnswer } from '../../destination.port.js';
import { withoutSecrets } from './credentials.js';
import type { Credentials } from './proof.js';

export const PROTOCOL_ERROR = 'PROTOCOL_ERROR';

/**
 * What an answer over HTTP means by the rules of its destination.
 * @param ours the values by which the destination knows the lead
 */
export function readHttpAnswer(
  rules: AnswerRules,
  { statusCode, headers, body, bodyComplete }: Extract<CallOutcome, { kind: 'answered' }>,
  { ours, credentials }: { readonly ours: readonly string[]; readonly credentials: Credentials },
): DestinationAnswer {
  const judged = judgeAnswer(rules, { statusCode, text: body.toString('utf8'), complete: bodyComplete }, ours);
  return {
    signal: {
      kind: 'answered',
      statusCode,
      successRule: judged.success,
      retryAfterSeconds: parseRetryAfter({ retryAfter: headers['retry-after'], date: headers.date }, Date.now()),
    },
    errorCode: judged.protocolError ? PROTOCOL_ERROR : null,
    excerpt: withoutSecrets(answerExcerpt(body, headers), credentials),
    recordId: judged.recordId,
    decidedBy: judged.decidedBy,
  };
}

/** There was no answer. */
export function readNoAnswer({ kind, code, cause }: Extract<CallOutcome, { kind: 'not_sent' | 'unknown' }>): DestinationAnswer {
  return { signal: { kind, cause }, errorCode: code, excerpt: null, recordId: null };
}
