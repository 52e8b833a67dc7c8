export { type DestinationStanding, type DestinationsWanted, readDestinations } from './destinations/pg-destinations.js';
export { type DestinationOrder, pauseDestination, resumeDestination } from './destinations/pg-pause-destination.js';
export * from './health/readiness.js';
export * from './leads/lead-id.js';
export * from './observe-reads.js';
export * from './openapi/api-docs.js';
export * from './openapi/read-answers.js';
export * from './reading.module.js';
export { showLead, showRequest, type SentPayload, type SupportLead, type SupportRequest } from './support/pg-support.js';
