import type { DestinationStanding } from '#reading';
import type { TenantId } from '#core';
import type { Pool } from '#platform';
import { readDestinations } from '#reading';
import { type Call, CommandProblem, UsageProblem } from '../command.js';

/** The destination that DESTINATION names: its id, or its name where only one has it. @throws CommandProblem @throws UsageProblem */
export async function destinationOf(call: Call, pool: Pool): Promise<DestinationStanding> {
  const text = call.argument('DESTINATION');
  const slash = text.indexOf('/');
  const wanted = slash < 0 ? { name: text } : { tenantId: text.slice(0, slash) as TenantId, name: text.slice(slash + 1) };
  const [found, ...others] = await readDestinations(pool, wanted);
  if (found === undefined)
    throw new CommandProblem(`There is no destination ${text}. \`leadgate destinations list\` names those there are.`);
  if (others.length > 0)
    throw new UsageProblem(`Several tenants have a destination ${text}: name one of ${[found, ...others].map(({ id }) => id).join(', ')}.`);
  return found;
}

export const DESTINATION_ARGUMENT = { name: 'DESTINATION', summary: 'its id, e.g. demo/customer-api, or its name', required: true };

/** `open until 2026-11-22T12:00:00.000Z`, `paused (destination_refuses_us)`, `working`. */
export function stateWords({ state, until, reason }: DestinationStanding): string {
  return [state, ...(until === null ? [] : [`until ${until.toISOString()}`]), ...(reason === null ? [] : [`(${reason})`])].join(' ');
}

export function destinationAsJson(standing: DestinationStanding): object {
  const { tenantId, pausedBy, callsPerSecond, oldestWaitingSince, lastFailure, ...same } = standing;
  return {
    ...same,
    tenant: tenantId,
    paused_by: pausedBy,
    calls_per_second: callsPerSecond,
    oldest_waiting_since: oldestWaitingSince,
    last_failure: lastFailure,
  };
}
