import type { Problem } from '#platform';
import type { AnswerStyle, Receipt, StyledAnswer } from './answer-style.js';
import { verdictMembers } from './verdict-members.js';

/** The customer webhook, CONTRACTS 1: `{"status":"accepted",…}`, errors as `{"error": <sentence>, "correlation_id", …}`. */
export const webhookAnswers: AnswerStyle = {
  acceptedStatus: 200,
  replayedStatus: 200,
  onDuplicateKeys: 'flag',
  badBodyStatus: 400,
  needsVerdict: false,
  accepted,
  replayed: accepted,
  nothing: (correlationId) => json({ status: 'accepted', lead_id: null, correlation_id: correlationId }),
  failed: (problem, correlationId) => ({
    status: problem.status,
    contentType: 'application/json',
    body: JSON.stringify({ error: errorText(problem), correlation_id: correlationId, ...problem }),
  }),
};

/** `status` stays what its clients compare with, also where they waited for the verdict. */
function accepted({ leads: [{ leadId, verdict }], correlationId }: Receipt): StyledAnswer {
  const plain = { status: 'accepted', lead_id: leadId, correlation_id: correlationId };
  return json(verdict === null ? plain : { ...verdictMembers(verdict), ...plain });
}

function json(body: object): StyledAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}

/** The words the webhook's clients compare with; they know only two for a body that is no lead. */
function errorText({ type, status, title }: Problem): string {
  const code = type.slice(type.lastIndexOf(':') + 1);
  switch (code) {
    case 'empty_body':
      return 'Empty payload';
    case 'missing_authentication':
      return 'missing authentication header';
    case 'invalid_authentication':
      return 'invalid authentication credentials';
    case 'idempotency_key_reused':
      return code;
    default:
      return status === 400 ? 'Malformed JSON' : title;
  }
}
