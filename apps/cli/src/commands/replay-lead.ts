import { type DestinationId, LEAD_REPLAY_KINDS, type LeadId, type LeadReplayKind, SKIP_CAUSES } from '#core';
import { checkRequest, replayLead } from '#replay';
import { type Command, CommandProblem, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { reasonOf } from '../replays.js';
import { uuidOf } from '../uuid-of.js';

export const replayLeadCommand: Command = {
  name: 'replay lead',
  summary: 'take one lead up again, now',
  arguments: [
    { name: 'LEAD', summary: 'its id', required: true },
    { name: 'KIND', summary: LEAD_REPLAY_KINDS.join(', '), required: true },
  ],
  options: {
    reason: { value: 'TEXT', summary: 'why; it stands in the audit trail, so it names nobody' },
    destination: { value: 'ID', summary: 'only the delivery to this destination: <tenant>/<name>' },
  },
  async run(call) {
    const [leadId, kind] = [uuidOf<LeadId>(call.argument('LEAD'), 'LEAD', 'a lead'), kindOf(call.argument('KIND'))];
    const destination = call.value('destination');
    const filter = { status: ['PERMANENTLY_FAILED'], ...(destination === undefined ? {} : { destination }) };
    const checked = checkRequest({ kind, filter, reason: reasonOf(call) });
    if ('problems' in checked) throw new UsageProblem(checked.problems.join('\n'));
    const destinationId = (destination ?? null) as DestinationId | null;
    const request = { kind, leadId, reason: checked.request.reason, destinationId };
    const replayed = await withDatabase(settingsOf(call.world), (pool) => replayLead(pool, request, { tenantId: null, actor: 'cli' }));
    if (replayed === undefined) throw new CommandProblem(`There is no lead ${leadId}.`);
    const { outcome, status, deliveryIds } = replayed;
    if (outcome.kind === 'skipped') {
      return { exitCode: 1, text: SKIP_CAUSES[outcome.cause], json: { ok: false, lead_id: leadId, status, cause: outcome.cause } };
    }
    const text = `${leadId} is ${status}. A running gateway takes it from here; its way: leadgate leads show ${leadId}`;
    return { exitCode: 0, text, json: { ok: true, lead_id: leadId, kind, status, delivery_ids: deliveryIds } };
  },
};

function kindOf(text: string): LeadReplayKind {
  const kind = LEAD_REPLAY_KINDS.find((one) => one === text);
  if (kind === undefined) throw new UsageProblem(`KIND is one of ${LEAD_REPLAY_KINDS.join(', ')}; "${text}" is none of them.`);
  return kind;
}
