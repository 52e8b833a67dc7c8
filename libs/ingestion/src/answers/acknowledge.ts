import { PROBLEM_CONTENT_TYPE } from '#platform';
import type { AnswerStyle, Receipt, StyledAnswer } from './answer-style.js';
import { verdictMembers } from './verdict-members.js';

/** For senders that only look at the status (Meta, Google, Typeform): 200 `{"received":true,"leads":[…ids]}`. */
export const acknowledgeAnswers: AnswerStyle = {
  acceptedStatus: 200,
  replayedStatus: 200,
  onDuplicateKeys: 'refuse',
  badBodyStatus: 400,
  needsVerdict: false,
  accepted: received,
  replayed: received,
  nothing: () => json({ received: true, leads: [] }),
  failed: (problem) => ({ status: problem.status, contentType: PROBLEM_CONTENT_TYPE, body: JSON.stringify(problem) }),
};

/** The verdict only where it is one: of several leads the ids say all that its senders could use. */
function received({ leads }: Receipt): StyledAnswer {
  const verdict = leads.length === 1 ? leads[0].verdict : null;
  return json({ received: true, leads: leads.map(({ leadId }) => leadId), ...(verdict === null ? {} : verdictMembers(verdict)) });
}

function json(body: object): StyledAnswer {
  return { status: 200, contentType: 'application/json', body: JSON.stringify(body) };
}
