import { OPERATOR_EVENT_TYPES, type OperatorEventType, type TenantId } from '#core';
import { type ListedEvent, readOperatorEvents } from '#operator-events';
import { type Command, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { table } from '../table.js';

const USUAL_ROWS = 50;
const MOST_ROWS = 1000;

export const eventsList: Command = {
  name: 'events list',
  summary: 'what operators were told, newest first, and whether it reached them',
  notes: 'What each event means and what to do stands in docs/operations.md. They are kept for 30 days.',
  options: {
    tenant: { value: 'ID', summary: 'only what concerns this tenant' },
    type: { value: 'TYPE', summary: `only this: ${OPERATOR_EVENT_TYPES.join(', ')}` },
    subject: { value: 'ID', summary: 'only what happened to this destination, source, lead or replay, or gateway' },
    limit: { value: 'N', summary: `how many; ${USUAL_ROWS} unless told, at most ${MOST_ROWS}` },
  },
  async run(call) {
    const type = call.value('type');
    if (type !== undefined && !OPERATOR_EVENT_TYPES.some((one) => one === type))
      throw new UsageProblem(`--type must be one of ${OPERATOR_EVENT_TYPES.join(', ')}, but is "${type}".`);
    const limit = Number(call.value('limit') ?? USUAL_ROWS);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_ROWS)
      throw new UsageProblem(`--limit must be a whole number from 1 to ${MOST_ROWS}.`);
    const wanted = {
      tenantId: call.value('tenant') as TenantId | undefined,
      type: type as OperatorEventType | undefined,
      subject: call.value('subject'),
      limit,
    };
    const settings = settingsOf(call.world);
    const events = await withDatabase(settings, (pool) => readOperatorEvents(pool, wanted));
    return { exitCode: 0, text: inWords(events, settings.operators.webhook.url !== undefined), json: { events: events.map(asJson) } };
  },
};

function inWords(events: readonly ListedEvent[], isSent: boolean): string {
  const nobody = 'LEADGATE_OPERATOR_WEBHOOK_URL is not set here; a gateway without it calls nobody, and the events are only kept.';
  if (events.length === 0) return ['Nothing happened that operators are told of.', ...(isSent ? [] : [nobody])].join('\n');
  return [
    table([
      ['at', 'event', 'about', 'told', 'detail'],
      ...events.map((event) => [event.at.toISOString(), event.type, event.subject, toldWord(event), JSON.stringify(event.detail)]),
    ]),
    ...(isSent ? [] : ['', nobody]),
  ].join('\n');
}

function toldWord({ sentAt, summarisedIn, nextAttemptAt, lastError }: ListedEvent): string {
  if (sentAt !== null) return 'yes';
  if (summarisedIn !== null) return 'in a summary';
  if (lastError !== null) return nextAttemptAt === null ? `no: ${lastError}` : `tried: ${lastError}`;
  return nextAttemptAt === null ? 'no' : 'soon';
}

function asJson({ tenantId, sentAt, nextAttemptAt, summarisedIn, lastError, ...event }: ListedEvent): object {
  return {
    ...event,
    tenant: tenantId,
    sent_at: sentAt,
    next_attempt_at: nextAttemptAt,
    summarised_in: summarisedIn,
    last_error: lastError,
  };
}
