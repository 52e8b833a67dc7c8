import type { DecidedLead } from './lead-store.port.js';
import { journeyLine } from './journey-line.js';

const decided = {
  lead: { id: 'lead-1', requestId: 'request-1', tenantId: 'acme', sourceId: 'acme/webhook', journeyNo: 1 },
  config: { version: 3 },
  journey: {
    outcome: { kind: 'reject', reasons: [{ code: 'ZIP_NOT_66XXX', detail: 'address.zip does not match' }] },
    facts: { payload: { email: 'canary@example.com', source_id: 'canary-submission' } },
    stages: [],
    durationMicros: 12,
  },
} as unknown as DecidedLead;

it('the line of a journey names the configured source; what senders call source_id is theirs and never stands in it', () => {
  const line = journeyLine(decided, true);
  expect(line).toMatchObject({ source: 'acme/webhook', reasons: ['ZIP_NOT_66XXX'] });
  expect(JSON.stringify(line)).not.toMatch(/source_id|canary/);
});
