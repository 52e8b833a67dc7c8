import { refuse } from '../body/refusal.js';
import { headerOf } from '../door/request-head.js';
import type { JudgeScheme } from './scheme.js';

/**
 * `Authorization: Bearer lg_…`, looked up before. Only a key that was made for this very source sends leads to it: a key that reads a
 * tenant's leads opens nothing here, and the other way round.
 */
export const judgeApiKey: JudgeScheme = (_source, { head, principal, sourceId }) => {
  if (principal?.scope === 'source' && principal.sourceId === sourceId) return null;
  if (headerOf(head.headers, 'authorization') === null) {
    return refuse(
      'missing_authentication',
      'This source expects the header Authorization: Bearer <key>; leadgate api-keys create makes one.',
    );
  }
  return refuse(
    'invalid_authentication',
    'The key in Authorization is not known, was revoked, or belongs to something else than this source; leadgate api-keys list shows them.',
  );
};
