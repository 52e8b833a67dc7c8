import type { TenantConfig } from '../config/tenant-config.js';

/** Where a person looks at the record a destination made of a lead; null where no link is configured or no record is known. */
export function recordUrlOf(
  config: Pick<TenantConfig, 'destinations'> | undefined,
  destination: string,
  recordId: string | null,
): string | null {
  const template = config?.destinations.find(({ name }) => name === destination)?.record_url;
  if (template == null || recordId === null) return null;
  return template.replaceAll('{record_id}', () => encodeURIComponent(recordId.toWellFormed()));
}
