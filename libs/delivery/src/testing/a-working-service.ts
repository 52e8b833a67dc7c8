import type { LeadId } from '#core';
import type { ClosedAttempt } from '../attempt.js';

/** What an attempt tells about its destination when there is nothing to tell. */
export const A_WORKING_SERVICE: ClosedAttempt['service'] = {
  rules: { failures: 5, probeAfterSeconds: 300, probeLeaseSeconds: 60 },
  word: { health: 'works', quietSeconds: null, tooFast: false, pause: null, misdirected: false },
  subject: '01935f2a-1234-7890-8123-000000000000' as LeadId,
  callsPerSecond: 1,
};
