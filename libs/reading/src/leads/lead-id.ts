import type { LeadId } from '#core';
import { NotFound } from '#platform';

export const noSuchLead = (): NotFound => new NotFound('lead_not_found', 'No lead has this id.');

/** An id from a path. What is no UUID is no lead's id: unknown, not malformed, so that both answer alike. */
export function leadIdOf(text: string): LeadId {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw noSuchLead();
  return text.toLowerCase() as LeadId;
}
