export { DeliverLeads } from './deliver-leads.js';
export { DeliverLeadsProcessor } from './deliver-leads.processor.js';
export { DeliveryModule } from './delivery.module.js';
export type { Destination, DestinationAnswer, DestinationCall, DestinationField, DestinationKind } from './destination.port.js';
export { destinationProblems } from './destination-problems.js';
export { DestinationRegistry } from './destination-registry.js';
export { recordUrlTemplateOf } from './record-url-template.js';
export { ReclaimExpiredLeases } from './reclaim-expired-leases.js';
export { FileDrops } from './destinations/file/file-drops.js';
