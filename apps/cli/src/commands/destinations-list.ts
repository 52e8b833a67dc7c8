import type { TenantId } from '#core';
import { type DestinationStanding, readDestinations } from '#reading';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { table } from '../table.js';
import { destinationAsJson, stateWords } from './destination-words.js';

export const destinationsList: Command = {
  name: 'destinations list',
  summary: 'where leads go, and how each destination stands',
  options: { tenant: { value: 'ID', summary: 'only those of this tenant' } },
  async run(call) {
    const tenantId = call.value('tenant') as TenantId | undefined;
    const destinations = await withDatabase(settingsOf(call.world), (pool) => readDestinations(pool, { tenantId }));
    return { exitCode: 0, text: inWords(destinations), json: { destinations: destinations.map(destinationAsJson) } };
  },
};

function inWords(destinations: readonly DestinationStanding[]): string {
  if (destinations.length === 0)
    return 'There is no destination. They come with the files of the configuration folder, which a gateway imports when it starts.';
  return table([
    ['destination', 'kind', 'state', 'waiting', 'last failure for good'],
    ...destinations.map((standing) => [
      standing.id,
      standing.kind,
      standing.enabled ? stateWords(standing) : `${stateWords(standing)}, no longer configured`,
      `${standing.waiting}`,
      standing.lastFailure === null ? '' : `${standing.lastFailure.at.toISOString()} ${standing.lastFailure.class ?? ''}`,
    ]),
  ]);
}
