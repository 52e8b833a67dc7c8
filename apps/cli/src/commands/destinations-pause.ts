import { namesNobody } from '#core';
import { pauseDestination, resumeDestination } from '#reading';
import { type Call, type Command, type Report, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { DESTINATION_ARGUMENT, destinationAsJson, destinationOf, stateWords } from './destination-words.js';

const OPTIONS = { reason: { value: 'TEXT', summary: 'why; it stands in the audit trail, so no data of persons' } };
const MOST_LETTERS = 200;

export const destinationsPause: Command = {
  name: 'destinations pause',
  summary: 'send nothing to a destination until it is resumed; its leads wait',
  notes: 'No attempt is used up meanwhile. It works on the database alone: gateways follow at once.',
  arguments: [DESTINATION_ARGUMENT],
  options: OPTIONS,
  run: (call) => change(call, pauseDestination, 'paused'),
};

export const destinationsResume: Command = {
  name: 'destinations resume',
  summary: 'call a destination again: ends a pause or hold; one that was failing is probed at once',
  arguments: [DESTINATION_ARGUMENT],
  options: OPTIONS,
  run: (call) => change(call, resumeDestination, 'resumed'),
};

async function change(call: Call, make: typeof pauseDestination, done: 'paused' | 'resumed'): Promise<Report> {
  const reason = call.value('reason')?.trim() ?? '';
  if (reason === '' || reason.length > MOST_LETTERS)
    throw new UsageProblem(`--reason is needed: a few words, at most ${MOST_LETTERS} letters; they stand in the audit trail.`);
  if (!namesNobody(reason))
    throw new UsageProblem('--reason must do without e-mail addresses and phone numbers: it stays in the audit trail.');
  return withDatabase(settingsOf(call.world), async (pool) => {
    const { id: destinationId, tenantId } = await destinationOf(call, pool);
    const changed = await make(pool, { destinationId, tenantId, actor: 'cli', reason });
    const after = await destinationOf(call, pool);
    const already = done === 'paused' ? 'was paused already' : 'was neither paused nor held';
    const text = changed ? `${destinationId} is ${done}: ${stateWords(after)}, ${after.waiting} waiting.` : `${destinationId} ${already}.`;
    return { exitCode: 0, text, json: { changed, destination: destinationAsJson(after) } };
  });
}
