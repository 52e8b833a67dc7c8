import {
  destinationIdOf,
  proceed,
  REASON_CODES,
  type LeadFacts,
  type MappedFacts,
  type NormalisedFacts,
  type PlannedDelivery,
  type Reason,
  type Stage,
} from '#core';
import { crmColumns } from './crm-columns.js';
import { renderPayload } from './render-payload.js';

type Needs = Pick<LeadFacts, 'lead' | 'config'> & Pick<NormalisedFacts, 'normalised'>;

/** Makes the exact text that each destination of the tenant receives, and the columns of its CRM screen. No destination: the lead is kept. */
export function mapStage(): Stage<Needs, MappedFacts> {
  return {
    name: 'map',
    run: ({ lead, config, normalised }) => {
      const plannedDeliveries: PlannedDelivery[] = [];
      const notes: Reason[] = [];
      for (const destination of config.destinations) {
        const mapping = config.mappings.find(({ name }) => name === destination.mapping);
        if (mapping === undefined)
          throw new Error(`Destination "${destination.name}" names the mapping "${destination.mapping}", which is not configured`);
        const rendering = renderPayload(mapping, { id: lead.id, receivedAt: lead.receivedAt, normalised });
        if ('missing' in rendering) {
          return {
            kind: 'fail',
            reason: { code: REASON_CODES.missingTargetField, detail: `Missing required field: ${rendering.missing}` },
          };
        }
        notes.push(...rendering.omitted.map(({ code, field, detail }) => ({ code, detail: `${field} ${detail}` })));
        plannedDeliveries.push({
          destinationId: destinationIdOf(config.tenant, destination.name),
          contentType: 'application/json',
          payload: JSON.stringify(rendering.body),
          omitted: rendering.omitted,
        });
      }
      if (plannedDeliveries.length === 0)
        notes.push({ code: REASON_CODES.noDestination, detail: 'the tenant has no destination: the lead is kept here' });
      const columns = config.crm_columns === undefined ? null : crmColumns(config.crm_columns, normalised);
      return proceed({ plannedDeliveries, crmColumns: columns }, notes);
    },
  };
}
