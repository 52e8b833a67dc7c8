import { judgeAnswer, parseRetryAfter, type AnswerRules, type Signal } from '#core';
import { answerExcerpt, CALL_ABORTED, type CallOutcome } from '#platform';
import type { DestinationAnswer } from '../../destination.port.js';
import { withoutSecrets } from './credentials.js';
import { TOKEN_REFUSED, type Credentials } from './proof.js';

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
  if (kind === 'not_sent' && code === CALL_ABORTED) return notSent(code, cause, 'us');
  if (kind === 'not_sent' && code === TOKEN_REFUSED) return notSent(code, cause, 'credentials');
  return { signal: { kind, cause }, errorCode: code, excerpt: null, recordId: null };
}

/** No call was made, or none that had an effect. @param because what it was about, unless it was about the destination */
export function notSent(errorCode: string, cause: string, because?: Extract<Signal, { kind: 'not_sent' }>['because']): DestinationAnswer {
  const signal: Signal = { kind: 'not_sent', cause, ...(because === undefined ? {} : { because }) };
  return { signal, errorCode, excerpt: null, recordId: null };
}
