import { PROBLEM_CONTENT_TYPE } from '#platform';
import type { AnswerStyle, LeadReceipt, Receipt, StyledAnswer } from './answer-style.js';
import { verdictMembers } from './verdict-members.js';

/** Our own API, CONTRACTS 5: 202 with the lead's address. `status` is "received" unless the sender waited for the verdict. */
export const v1Answers: AnswerStyle = {
  acceptedStatus: 202,
  replayedStatus: 202,
  onDuplicateKeys: 'refuse',
  badBodyStatus: 400,
  needsVerdict: false,
  accepted,
  replayed: accepted,
  nothing: () => ({ status: 200, contentType: 'application/json', body: '{"leads":[]}' }),
  failed: (problem) => ({ status: problem.status, contentType: PROBLEM_CONTENT_TYPE, body: JSON.stringify(problem) }),
};

function accepted({ leads }: Receipt): StyledAnswer {
  const [only] = leads;
  if (leads.length > 1) return answer({ leads: leads.map((lead) => ({ id: lead.leadId, item_no: lead.itemNo, ...membersOf(lead) })) });
  return answer({ id: only.leadId, ...membersOf(only) }, { location: hrefOf(only) });
}

function membersOf(lead: LeadReceipt): object {
  const members = lead.verdict === null ? {} : verdictMembers(lead.verdict);
  return { status: 'received', href: hrefOf(lead), ...members };
}

const hrefOf = ({ leadId }: LeadReceipt): string => `/v1/leads/${leadId}`;

function answer(body: object, headers: Readonly<Record<string, string>> = {}): StyledAnswer {
  return { status: 202, contentType: 'application/json', body: JSON.stringify(body), headers };
}
