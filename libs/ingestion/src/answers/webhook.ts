import type { Problem } from '#platform';
import type { AnswerStyle, LeadReceipt, StyledAnswer } from './answer-style.js';

/** The customer webhook, CONTRACTS 1: `{"status":"accepted",…}`, errors as `{"error": <sentence>, "correlation_id", …}`. */
export const webhookAnswers: AnswerStyle = {
  acceptedStatus: 200,
  replayedStatus: 200,
  onDuplicateKeys: 'flag',
  accepted,
  replayed: accepted,
  failed: (problem, correlationId) => ({
    status: problem.status,
    contentType: 'application/json',
    body: JSON.stringify({ error: errorText(problem), correlation_id: correlationId, ...problem }),
  }),
};

function accepted({ leadId, correlationId }: LeadReceipt): StyledAnswer {
  return {
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify({ status: 'accepted', lead_id: leadId, correlation_id: correlationId }),
  };
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
