import type { OutboundHttp } from '#platform';
import type { DestinationKind } from '../destination.port.js';
import { fileDestination } from './file/file.destination.js';
import { FileDrops } from './file/file-drops.js';
import { httpDestination } from './http/http.destination.js';
import { hubspotDestination } from './hubspot/hubspot.destination.js';
import { salesforceDestination } from './salesforce/salesforce.destination.js';

/** Every kind of destination, one line each. @param drops nowhere, where configurations are only checked */
export function destinationKinds(http: OutboundHttp, drops = new FileDrops({ root: '', makesRoot: false })): readonly DestinationKind[] {
  return [
    httpDestination(http), // any address, by the tenant's own rules
    hubspotDestination(http),
    salesforceDestination(http),
    fileDestination(drops),
  ];
}
