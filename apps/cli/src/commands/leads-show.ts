import type { LeadId } from '#core';
import { showLead, type SupportLead } from '#reading';
import { type Command, CommandProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { columns } from '../help.js';
import { uuidOf } from '../uuid-of.js';
import { bodyHeading, bodyText, harmless } from './arrived-body.js';

export const leadsShow: Command = {
  name: 'leads show',
  summary: 'one lead: what came, why it was decided so, what was sent, and what to do',
  notes:
    'It shows data of a person, so that it was read stands in the audit trail. Prisma Studio shows the same of all leads in support_leads.\n' +
    'With --json the body is base64, byte for byte as it came.',
  arguments: [{ name: 'LEAD', summary: 'its id; GET /v1/leads?email=… finds the leads of a person', required: true }],
  async run(call) {
    const leadId = uuidOf<LeadId>(call.argument('LEAD'), 'LEAD', 'a lead');
    const lead = await withDatabase(settingsOf(call.world), (pool) => showLead(pool, leadId));
    if (lead === undefined) {
      throw new CommandProblem(`There is no lead ${leadId}. Is it the id of a request? leadgate requests show ${leadId}`);
    }
    const { body, ...members } = lead;
    return { exitCode: 0, text: harmless(inWords(lead)), json: { ...members, body_base64: body.toString('base64') } };
  },
};

function inWords(lead: SupportLead): string {
  const rows: [string, readonly string[] | null][] = [
    ['lead', [`${lead.lead_id}, by ${lead.arrived_by}`]],
    ['arrived', [lead.arrived_at.toISOString()]],
    ['status', [lead.status]],
    ['decided', lead.decided === '' ? null : [lead.decided]],
    ['because', lead.decided_because],
    ['sent', lead.sent],
    ['attempts', lead.sent_attempts],
    ['last answer', lead.sent_answer === null ? null : [lead.sent_answer]],
    ['what next', lead.what_next],
  ];
  const lines = rows.flatMap(([head, texts]) => (texts ?? []).map((text, n): [string, string] => [n === 0 ? head : '', text]));
  return [
    ...columns(lines),
    '',
    bodyHeading(lead),
    bodyText(lead),
    ...lead.sent_payloads.flatMap(({ destination, payload }) => ['', `What was made for ${destination}:`, payload]),
  ].join('\n');
}
