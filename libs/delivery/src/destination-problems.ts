import type { TenantConfig } from '#core';
import { OutboundHttp, type OutboundRules } from '#platform';
import { isFetchingSource } from './configured-destinations.js';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';
import { fetchers } from './destinations/fetchers.js';

/** Everything that would keep a configured destination or fetch from being called, one sentence each, beginning with its place. Nothing is called. */
export function destinationProblems(config: TenantConfig, rules: OutboundRules): string[] {
  // A kind is made with the client it would call with; an idle one holds no connection and needs no closing.
  const http = new OutboundHttp({ userAgent: 'leadgate', rules });
  const registry = new DestinationRegistry(destinationKinds(http), fetchers(http), rules);
  return [
    ...config.sources.flatMap((source, index) =>
      isFetchingSource(source) ? registry.fetchProblems(source).map((problem) => `sources[${index}].${problem}`) : [],
    ),
    ...config.destinations.flatMap((destination, index) =>
      registry.problems(destination).map((problem) => `destinations[${index}].${problem}`),
    ),
  ];
}
