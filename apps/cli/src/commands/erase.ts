import type { LeadId, TenantId } from '#core';
import { eraseLead, ERASURE_REASONS, type ErasedLead, type ErasureReason } from '#erasure';
import { type Command, CommandProblem, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { uuidOf } from '../uuid-of.js';

export const erase: Command = {
  name: 'erase',
  summary: "remove a person's data from a lead for good",
  notes:
    'Removes the body, the normalised fields, what was sent and what was answered; ids, moments, decisions and the audit trail stay. It cannot be ' +
    'taken back. It says which CRMs may have the lead: tell them. GET /v1/leads?email=… finds the leads of a person.',
  arguments: [{ name: 'LEAD', summary: 'the id of the lead', required: true }],
  options: {
    tenant: { value: 'TENANT', summary: 'whose lead it is' },
    reason: { value: 'CODE', summary: `one of ${ERASURE_REASONS.join(', ')}` },
  },
  async run(call) {
    const leadId = uuidOf<LeadId>(call.argument('LEAD'), 'LEAD', 'a lead');
    const tenantId = call.value('tenant');
    if (tenantId === undefined) throw new UsageProblem('Say whose lead it is: --tenant TENANT.');
    const reason = reasonIn(call.value('reason'));
    const erased = await withDatabase(settingsOf(call.world), (pool) =>
      eraseLead(pool, { scope: { only: tenantId as TenantId }, leadId, actor: 'cli', reason }),
    );
    if (erased === undefined) throw new CommandProblem(`The tenant ${tenantId} has no lead with this id.`);
    return { exitCode: 0, text: inWords(erased), json: { ok: true, ...erased } };
  },
};

function reasonIn(text: string | undefined): ErasureReason {
  const reason = ERASURE_REASONS.find((one) => one === text);
  if (reason === undefined) throw new UsageProblem(`Say why, for the audit trail: --reason ${ERASURE_REASONS.join('|')}.`);
  return reason;
}

function inWords({ leadId, already, toldTo }: ErasedLead): string {
  const done = already ? `The lead ${leadId} was erased before; nothing was changed.` : `The lead ${leadId} is erased.`;
  const told = toldTo.map(
    ({ destinationId, recordId, certain }) =>
      `  - ${destinationId}${recordId === null ? '' : `, record ${recordId}`}${certain ? '' : ' (not known whether it got the lead)'}`,
  );
  return `${done} ${told.length === 0 ? 'No destination was sent it.' : `Tell those who may have it:\n${told.join('\n')}`}`;
}
