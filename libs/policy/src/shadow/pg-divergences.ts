import type { Pool } from '#platform';
import { DivergenceStore, type DivergenceCount } from './divergence-store.port.js';

/** In the order of the key, so that two processes never wait for each other in a circle. */
const ADD = {
  name: 'add_policy_divergences',
  text: `insert into policy_divergences (tenant_id, policy_version, active_decision, shadow_decision, leads, last_lead_id)
         select tenant_id, policy_version, active_decision, shadow_decision, leads, last_lead_id
           from jsonb_to_recordset($1::jsonb) as row (tenant_id text, policy_version int, active_decision text, shadow_decision text,
                leads bigint, last_lead_id uuid)
          order by tenant_id, policy_version, active_decision, shadow_decision
         on conflict (tenant_id, policy_version, active_decision, shadow_decision)
         do update set leads = policy_divergences.leads + excluded.leads, last_lead_id = excluded.last_lead_id, last_seen_at = clock_timestamp()`,
};

export class PgDivergences extends DivergenceStore {
  constructor(private readonly pool: Pool) {
    super();
  }

  override async add(counts: readonly DivergenceCount[]): Promise<void> {
    const rows = counts.map(({ tenantId, policyVersion, active, shadow, leads, lastLeadId }) => ({
      tenant_id: tenantId,
      policy_version: policyVersion,
      active_decision: active,
      shadow_decision: shadow,
      leads,
      last_lead_id: lastLeadId,
    }));
    await this.pool.query({ ...ADD, values: [JSON.stringify(rows)] });
  }
}
