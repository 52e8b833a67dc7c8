import type { DestinationConfig, TenantConfig } from '#core';
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
      [...registry.problems(destination), ...targetProblems(destination, config, registry)].map(
        (problem) => `destinations[${index}].${problem}`,
      ),
    ),
  ];
}

/** A lead without what its destination finds it by is told of when it is mapped, not after six calls. */
function targetProblems(destination: DestinationConfig, { mappings }: TenantConfig, registry: DestinationRegistry): string[] {
  const mapping = mappings.find(({ name }) => name === destination.mapping);
  if (mapping === undefined) return [];
  return registry
    .requiredTargetsOf(destination)
    .filter((target) => !mapping.fields.some((field) => field.target === target && field.required_as != null))
    .map(
      (target) =>
        `mapping: the kind ${destination.kind} sends nothing without ${target}, so the mapping ${mapping.name} needs a field such as ` +
        `{ target: ${target}, from: [${target}], as: text, required_as: ${target} }`,
    );
}
