import { refuse } from '../body/refusal.js';
import { headerOf } from '../door/request-head.js';
import type { JudgeScheme } from './scheme.js';
import { findMember } from './find-member.js';
import { isOneOf, secretsOf } from './same-secret.js';

/** The secret is the text of a member of the body (Google's `google_key`). Where it stands several times the last counts, as it does for the lead. */
export const judgeBodySecret: JudgeScheme = ({ authentication }, { head, bytes }) => {
  const field = authentication.field ?? '';
  const given = findMember(bytes, headerOf(head.headers, 'content-type'), field).at(-1)?.value;
  if (given === undefined || given === '')
    return refuse('missing_authentication', `This source expects its secret as the text of "${field}" in the body.`);
  if (isOneOf(Buffer.from(given), secretsOf(authentication))) return null;
  return refuse('invalid_authentication', `The text of "${field}" in the body is not the secret configured for this source.`);
};
