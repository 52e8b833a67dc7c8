import type { OutboundHttp } from '#platform';
import type { DestinationKind } from '../destination.port.js';
import { httpDestination } from './http/http.destination.js';

/** Every kind of destination, one line each. */
export function destinationKinds(http: OutboundHttp): readonly DestinationKind[] {
  return [httpDestination(http)];
}
