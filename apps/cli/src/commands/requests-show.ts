import type { InboundRequestId } from '#core';
import { showRequest, type SupportRequest } from '#reading';
import { type Command, CommandProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { columns } from '../help.js';
import { uuidOf } from '../uuid-of.js';
import { bodyHeading, bodyText, harmless } from './arrived-body.js';

export const requestsShow: Command = {
  name: 'requests show',
  summary: 'one request as it arrived, also one that became no lead, and why',
  notes:
    'It shows data of a person, so that it was read stands in the audit trail. Prisma Studio shows the same of all requests in support_requests.\n' +
    'With --json the body is base64, byte for byte as it came.',
  arguments: [{ name: 'REQUEST', summary: 'its id: `id` of GET /v1/quarantine', required: true }],
  async run(call) {
    const id = uuidOf<InboundRequestId>(call.argument('REQUEST'), 'REQUEST', 'a request');
    const request = await withDatabase(settingsOf(call.world), (pool) => showRequest(pool, id));
    if (request === undefined) {
      throw new CommandProblem(
        `There is no request ${id}. One that became no lead is kept for LEADGATE_QUARANTINE_DAYS; of a lead: leadgate leads show ${id}`,
      );
    }
    const { body, ...members } = request;
    return { exitCode: 0, text: harmless(inWords(request)), json: { ...members, body_base64: body.toString('base64') } };
  },
};

function inWords(request: SupportRequest): string {
  const rows: [string, readonly string[] | null][] = [
    ['request', [`${request.request_id}, by ${request.arrived_by}`]],
    ['tenant', request.tenant === null ? null : [request.tenant]],
    ['arrived', [`${request.arrived_at.toISOString()}${request.arrived_type === null ? '' : ` as ${request.arrived_type}`}`]],
    ['answered', [`${request.answered}${request.refused_as === null ? '' : ` ${request.refused_as}`}`]],
    ['because', request.refused_because],
    ['leads', request.lead_ids],
    ['what next', request.what_next],
  ];
  const lines = rows.flatMap(([head, texts]) => (texts ?? []).map((text, n): [string, string] => [n === 0 ? head : '', text]));
  return [...columns(lines), '', bodyHeading(request), bodyText(request)].join('\n');
}
