import type { OutboundHttp } from '#platform';
import type { DestinationKind } from '../destination.port.js';
import { httpDestination } from './http/http.destination.js';
import { hubspotDestination } from './hubspot/hubspot.destination.js';

/** Every kind of destination, one line each. */
export function destinationKinds(http: OutboundHttp): readonly DestinationKind[] {
  return [
    httpDestination(http), // any address, by the tenant's own rules
    hubspotDestination(http),
  ];
}
