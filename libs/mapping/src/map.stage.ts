import {
  destinationIdOf,
  proceed,
  REASON_CODES,
  type DestinationConfig,
  type LeadFacts,
  type MappedFacts,
  type NormalisedFacts,
  type PlannedDelivery,
  type Reason,
  type Stage,
  type TenantConfig,
} from '#core';
import { writeBody } from './body/write-body.js';
import { chooseDestinations, type Choice } from './choose-destinations.js';
import { crmColumns } from './crm-columns.js';
import { renderPayload, type MappedLead } from './render-payload.js';

type Needs = Pick<LeadFacts, 'lead' | 'config'> & Pick<NormalisedFacts, 'normalised'>;

/**
 * Chooses the destinations of a lead, makes the exact text that each of them receives, and the columns of the tenant's CRM screen. No
 * destination: the lead is kept.
 *
 * A lead that lacks what a destination requires fails there only: it goes to the others, and that one delivery fails for good, to be seen and
 * replayed. Where none of its destinations can have it, the lead itself fails, as it always did for one.
 */
export function mapStage(): Stage<Needs, MappedFacts> {
  return {
    name: 'map',
    run: ({ lead, config, normalised }) => {
      const choice = chooseDestinations(config, normalised);
      const plans = choice.destinations.map((destination) =>
        planDelivery(config, destination, { id: lead.id, receivedAt: lead.receivedAt, normalised }),
      );
      const [failed] = plans;
      if (failed?.failure !== undefined && plans.every(({ failure }) => failure !== undefined))
        return { kind: 'fail', reason: { code: REASON_CODES.missingTargetField, detail: failed.failure } };
      const notes = [...notesOnChoice(choice), ...plans.flatMap((plan, p) => notesOnPlan(plan, choice.destinations[p]?.name))];
      const columns = config.crm_columns === undefined ? null : crmColumns(config.crm_columns, normalised);
      return proceed({ plannedDeliveries: plans, crmColumns: columns }, notes);
    },
  };
}

function planDelivery(config: TenantConfig, destination: DestinationConfig, lead: MappedLead): PlannedDelivery {
  const mapping = config.mappings.find(({ name }) => name === destination.mapping);
  if (mapping === undefined)
    throw new Error(`Destination "${destination.name}" names the mapping "${destination.mapping}", which is not configured`);
  const destinationId = destinationIdOf(config.tenant, destination.name);
  const rendering = renderPayload(mapping, lead);
  if ('missing' in rendering) {
    const { contentType } = writeBody(destination, {});
    return { destinationId, contentType, payload: '', omitted: [], failure: `Missing required field: ${rendering.missing}` };
  }
  const { contentType, text, replaced } = writeBody(destination, rendering.body);
  const unfit = { field: 'body', code: REASON_CODES.charactersReplaced, detail: 'had characters that XML cannot carry' };
  return { destinationId, contentType, payload: text, omitted: replaced ? [...rendering.omitted, unfit] : rendering.omitted };
}

function notesOnChoice({ destinations, routes }: Choice): Reason[] {
  if (routes === null) {
    if (destinations.length > 0) return [];
    return [{ code: REASON_CODES.noDestination, detail: 'the tenant has no destination: the lead is kept here' }];
  }
  if (routes.length === 0) return [{ code: REASON_CODES.noRoute, detail: 'no route takes it: the lead is kept here' }];
  return [{ code: REASON_CODES.routed, detail: `${routes.join(', ')}: to ${destinations.map(({ name }) => name).join(', ')}` }];
}

function notesOnPlan({ failure, omitted }: PlannedDelivery, destination = ''): Reason[] {
  if (failure !== undefined) return [{ code: REASON_CODES.missingTargetField, detail: `${destination}: ${failure}` }];
  return omitted.map(({ code, field, detail }) => ({ code, detail: `${field} ${detail}` }));
}
