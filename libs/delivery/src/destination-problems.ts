import type { TenantConfig } from '#core';
import { OutboundHttp } from '#platform';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';

/** Everything that would keep a configured destination from being called, one sentence each, beginning with its place. Nothing is called. */
export function destinationProblems(config: TenantConfig): string[] {
  // A kind is made with the client it would call with; an idle one holds no connection and needs no closing.
  const registry = new DestinationRegistry(destinationKinds(new OutboundHttp({ userAgent: 'leadgate' })));
  return config.destinations.flatMap((destination, index) =>
    registry.problems(destination).map((problem) => `destinations[${index}].${problem}`),
  );
}
