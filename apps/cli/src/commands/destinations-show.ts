import type { DestinationStanding } from '#reading';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { columns } from '../help.js';
import { DESTINATION_ARGUMENT, destinationAsJson, destinationOf, stateWords } from './destination-words.js';

export const destinationsShow: Command = {
  name: 'destinations show',
  summary: 'how one destination stands',
  arguments: [DESTINATION_ARGUMENT],
  async run(call) {
    const standing = await withDatabase(settingsOf(call.world), (pool) => destinationOf(call, pool));
    return { exitCode: 0, text: inWords(standing), json: destinationAsJson(standing) };
  },
};

function inWords(standing: DestinationStanding): string {
  const moment = (at: Date | null | undefined): string => at?.toISOString() ?? '';
  const rows: [string, string][] = [
    ['destination', `${standing.id} (${standing.kind})${standing.enabled ? '' : ', no longer in the active configuration'}`],
    ['state', stateWords(standing)],
    ['since', moment(standing.since)],
    ['paused by', standing.pausedBy ?? ''],
    ['failures in a row', standing.failures === 0 ? '' : `${standing.failures} ${standing.failures === 1 ? 'call' : 'calls'}`],
    ['slowed down to', standing.callsPerSecond === null ? '' : `${standing.callsPerSecond.toFixed(1)} calls a second`],
    ['waiting', `${standing.waiting}`],
    ['the oldest since', moment(standing.oldestWaitingSince)],
    [
      'last failure for good',
      standing.lastFailure === null ? '' : `${moment(standing.lastFailure.at)} ${standing.lastFailure.class ?? ''}`,
    ],
  ];
  const next = whatNext(standing);
  return [...columns(rows.filter(([, text]) => text !== '')), ...(next === undefined ? [] : ['', next])].join('\n');
}

function whatNext({ id, state }: DestinationStanding): string | undefined {
  const resume = `leadgate destinations resume ${id} --reason TEXT`;
  switch (state) {
    case 'paused':
      return `Its leads wait, without using up attempts. Once what the reason says is mended: ${resume}`;
    case 'open':
      return `Its leads wait, and it is probed by itself. Mended it? It is probed at once with: ${resume}`;
    case 'held':
      return 'It asked to be left alone; its leads wait until then and go out by themselves.';
    case 'half_open':
      return 'It is being probed; what that call ends with decides.';
    case 'working':
      return undefined;
  }
}
