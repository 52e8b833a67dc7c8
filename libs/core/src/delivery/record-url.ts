import type { DestinationConfig } from '../config/destination-config.js';
import type { TenantConfig } from '../config/tenant-config.js';

/**
 * Where a person looks at the record a destination made of a lead; null where no link is configured or no record is known.
 * @param templateOf the link of a destination, with `{record_id}`; what its configuration says unless told
 */
export function recordUrlOf(
  config: Pick<TenantConfig, 'destinations'> | undefined,
  destination: string,
  recordId: string | null,
  templateOf: (destination: DestinationConfig) => string | undefined = ({ record_url: template }) => template,
): string | null {
  const found = config?.destinations.find(({ name }) => name === destination);
  const template = found === undefined ? undefined : templateOf(found);
  if (template == null || recordId === null) return null;
  return template.replaceAll('{record_id}', () => encodeURIComponent(recordId.toWellFormed()));
}
