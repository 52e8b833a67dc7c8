import { refuse } from '../body/refusal.js';
import { headerOf } from '../door/request-head.js';
import type { JudgeScheme } from './scheme.js';
import { isOneOf, secretsOf } from './same-secret.js';

export const SHARED_SECRET_HEADER = 'X-Shared-Secret';

/** The secret itself in a header. */
export const judgeSharedSecret: JudgeScheme = ({ authentication }, { head }) => {
  const name = authentication.header ?? SHARED_SECRET_HEADER;
  const given = headerOf(head.headers, name.toLowerCase());
  if (given === null || given === '')
    return refuse('missing_authentication', `This source expects its shared secret in the header ${name}.`);
  // Node hands headers over as latin1.
  if (isOneOf(Buffer.from(given, 'latin1'), secretsOf(authentication))) return null;
  return refuse('invalid_authentication', 'The shared secret is not the one configured for this source.');
};
