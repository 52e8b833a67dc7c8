import type { DestinationConfig } from '#core';
import { OutboundHttp } from '#platform';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';

let registry: DestinationRegistry | undefined;

/** Where a person looks at a record of this destination, with `{record_id}`: what is configured, else what its kind knows. */
export function recordUrlTemplateOf(config: DestinationConfig): string | undefined {
  // A kind is made with the client it would call with; an idle one holds no connection and needs no closing.
  registry ??= new DestinationRegistry(destinationKinds(new OutboundHttp({ userAgent: 'leadgate' })));
  return registry.recordUrlOf(config);
}
