import type { AnswerStyle, Receipt, StyledAnswer } from './answer-style.js';
import { verdictMembers } from './verdict-members.js';

/** The raw CRM intake, CONTRACTS 2: `{"ok",…}`; a repeated request is 409, which its PHP sender reads as success. */
export const rawCrmAnswers: AnswerStyle = {
  acceptedStatus: 201,
  replayedStatus: 409,
  onDuplicateKeys: 'flag',
  badBodyStatus: 400,
  needsVerdict: false,
  accepted: (receipt) => stored(201, receipt, false),
  replayed: (receipt) => stored(409, receipt, true),
  nothing: () => ({ status: 200, contentType: 'application/json', body: '{"ok":true,"lead_id":null,"deduplicated":false}' }),
  failed: (problem, correlationId) => ({
    status: problem.status,
    contentType: 'application/json',
    body: JSON.stringify({ ok: false, error: errorCode(problem.status), correlation_id: correlationId, ...problem }),
  }),
};

function stored(status: number, { leads: [{ leadId, verdict }] }: Receipt, deduplicated: boolean): StyledAnswer {
  const members = verdict === null ? {} : verdictMembers(verdict);
  return { status, contentType: 'application/json', body: JSON.stringify({ ok: true, lead_id: leadId, deduplicated, ...members }) };
}

/** By status: its senders know one word for each, or none. */
function errorCode(status: number): string {
  switch (status) {
    case 400:
      return 'invalid_payload';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 405:
      return 'method_not_allowed';
    case 413:
      return 'payload_too_large';
    case 415:
      return 'unsupported_media_type';
    case 422:
      return 'idempotency_key_reused';
    case 429:
      return 'too_many_requests';
    default:
      return 'internal_error';
  }
}
