import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { aTenantFile } from '../../../libs/core/src/config/testing/a-tenant-file.js';
import { CANARY } from './demo-lead.js';
import { eventually } from '../../support/eventually.js';
import type { FaultWorld } from './fault-world.js';

/** A destination as a test wants it: its name and what differs from `aDestination`. */
export type DestinationWish = JsonObject & { readonly name: string };

/** At the demo CRM, on a path of its own, so that it may have a mode of its own. */
export function aDestination(world: FaultWorld, { name, ...wish }: DestinationWish): JsonObject {
  return {
    name,
    kind: 'http',
    url: `${world.crm.url}${pathOf(name)}`,
    authentication: { kind: 'bearer', token: 'env:CUSTOMER_TOKEN|demo-token' },
    mapping: 'customer',
    answers: 'standard',
    effect: 'keyed',
    record_id_path: 'id',
    ...wish,
  };
}

export const pathOf = (destination: string): string => `/lead/receive/${destination}`;

export interface TenantWish {
  /** A lead goes to the destination that its field `to` names; unless told, to all of them. */
  readonly routed?: boolean;
}

/** Writes the tenant `crm`. @returns what LEADGATE_CONFIG names */
export async function writeTenant(
  world: FaultWorld,
  destinations: readonly DestinationWish[],
  { routed = false }: TenantWish = {},
): Promise<string> {
  const file = join(world.folder.path, 'crm-tenant.json');
  const tenant = aTenantFile({
    tenant: 'crm',
    rules: { active: 'none', profiles: [{ name: 'none', rules: [] }] },
    dedup: { identities: [], window_hours: 24, on_duplicate: 'deliver' },
    mappings: [
      {
        name: 'customer',
        fields: [
          { target: 'lead.phone', from: ['phone'], as: 'text', required_as: 'phone' },
          { target: 'lead.email', from: ['email'], as: 'text' },
          { target: 'product.name', value: 'Solaranlagen' },
          { target: 'meta_attributes.unique_id', fact: 'lead_id' },
        ],
      },
    ],
    destinations: destinations.map((wish) => aDestination(world, wish)),
    ...(routed && {
      routes: destinations.map(({ name }) => ({ name, when: [{ field: ['to'], check: 'equals', value: name }], to: [name] })),
    }),
  });
  await writeFile(file, JSON.stringify(tenant));
  return file;
}

/** As a sender does that keeps its promise: 503 means that nothing was taken, so it comes again, with the same key. @returns the id of the lead */
export async function postLead(gatewayUrl: string, number = 1, to = ''): Promise<string> {
  return eventually(`lead ${number} is taken`, async () => {
    const answer = await fetch(`${gatewayUrl}/in/form`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `lead-${number}` },
      body: JSON.stringify({ phone: `+4916089${String(number).padStart(5, '0')}`, email: `${CANARY}-${number}@example.com`, to }),
    });
    const { lead_id: leadId } = (await answer.json()) as { lead_id?: string };
    if (answer.status !== 503 && leadId === undefined) throw new Error(`POST /in/form: ${answer.status}`);
    return leadId;
  });
}

export interface AttemptFacts {
  readonly attempt_no: number;
  readonly outcome: string | null;
  readonly sent_state: string;
  readonly status_code: number | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly decided_by: string | null;
  readonly retry_after_seconds: number | null;
  readonly duration_ms: number | null;
}

export interface DeliveryFacts {
  readonly destination: string;
  readonly status: string;
  readonly hold_reason: string | null;
  readonly last_error: string | null;
  readonly crm_record_id: string | null;
  readonly attempts: readonly AttemptFacts[];
}

/** The deliveries of a lead by destination, each with its attempts. */
export async function deliveriesOf(world: FaultWorld, leadId: string): Promise<ReadonlyMap<string, DeliveryFacts>> {
  const rows = await world.rows<DeliveryFacts>(
    `select split_part(destination_id, '/', 2) as destination, status, hold_reason, last_error, crm_record_id,
            (select coalesce(jsonb_agg(to_jsonb(attempt) order by attempt_no), '[]') from delivery_attempts attempt where delivery_id = deliveries.id) as attempts
       from deliveries where lead_id = $1 and superseded_at is null`,
    [leadId],
  );
  return new Map(rows.map((row) => [row.destination, row]));
}
