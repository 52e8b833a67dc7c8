/** Ids are branded so that two of them can never be swapped in a call. All of them are UUIDv7 text unless said otherwise. */
export type Brand<Value, Name extends string> = Value & { readonly __brand: Name };

/** Slug from the tenant's configuration file, e.g. `demo`. */
export type TenantId = Brand<string, 'TenantId'>;
/** `<tenant>/<source name>`, e.g. `demo/webhook`. */
export type SourceId = Brand<string, 'SourceId'>;
/** `<tenant>/<destination name>`, e.g. `demo/customer-api`. */
export type DestinationId = Brand<string, 'DestinationId'>;
export type LeadId = Brand<string, 'LeadId'>;
export type InboundRequestId = Brand<string, 'InboundRequestId'>;
export type DeliveryId = Brand<string, 'DeliveryId'>;
export type JourneyId = Brand<string, 'JourneyId'>;
export type ConfigVersionId = Brand<string, 'ConfigVersionId'>;

export const sourceIdOf = (tenant: string, name: string): SourceId => `${tenant}/${name}` as SourceId;
/** Where a source fetches the leads it was sent as ids only: a destination row of its own. */
export const fetchDestinationIdOf = (tenant: string, source: string): DestinationId => `${tenant}/${source}.fetch` as DestinationId;
export const destinationIdOf = (tenant: string, name: string): DestinationId => `${tenant}/${name}` as DestinationId;
