import { REASON_CODES } from '#core';
import { PROBLEM_CONTENT_TYPE } from '#platform';
import type { AnswerStyle, Receipt, StyledAnswer } from './answer-style.js';
import { verdictMembers } from './verdict-members.js';

/** What the guard's clients call what we call otherwise. */
const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  [REASON_CODES.duplicateConfirmed, 'DUPLICATE_REDIS_CONFIRMED'],
  [REASON_CODES.indexUnavailable, 'DEGRADED_REDIS_UNAVAILABLE'],
]);

/** The guard, CONTRACTS 3: the verdict over one lead, 200 for every decision; faults of the body as a list under `detail`. */
export const guardAnswers: AnswerStyle = {
  acceptedStatus: 200,
  replayedStatus: 200,
  onDuplicateKeys: 'refuse',
  badBodyStatus: 422,
  needsVerdict: true,
  accepted: decided,
  replayed: decided,
  nothing: (correlationId) => json({ lead_id: null, correlation_id: correlationId }),
  failed: (problem, _correlationId, issues) => ({
    status: problem.status,
    contentType: PROBLEM_CONTENT_TYPE,
    body: JSON.stringify({ ...problem, ...(issues.length === 0 ? {} : { detail: issues }) }),
  }),
};

/** A repeated request reads the same but for `latency_ms`. The two shapes of versions are both old: one was documented, one was answered. */
function decided({ leads: [{ verdict }], latencyMs }: Receipt): StyledAnswer {
  if (verdict === null) throw new Error('The guard answers with a verdict or with a problem.');
  const { status, ...members } = verdictMembers(verdict);
  return json({
    request_id: verdict.requestId,
    lead_id: verdict.leadId,
    tenant_id: verdict.tenantId,
    ...members,
    reason_codes: members.reason_codes.map((code) => OLD_NAMES.get(code) ?? code),
    ...members.versions,
    latency_ms: Math.round(latencyMs * 1000) / 1000,
    status,
  });
}

function json(body: object): StyledAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}
