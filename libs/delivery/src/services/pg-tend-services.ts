import { appendAuditEvents } from '#audit';
import type { DestinationId, OperatorEventType, TenantId } from '#core';
import { appendOperatorEvents } from '#operator-events';
import { inTransaction, type Pool } from '#platform';
import { ServiceRecords } from './service-records.port.js';

/** The object of a service in a version: a destination by its name, or the source whose leads are fetched (`<source>.fetch`). */
const OBJECT = (version: string): string => `
  coalesce(jsonb_path_query_first(${version}.content, '$.destinations[*] ? (@.name == $name)', jsonb_build_object('name', service.name)),
           jsonb_path_query_first(${version}.content, '$.sources[*] ? (@.name == $name)',
                                  jsonb_build_object('name', regexp_replace(service.name, '\\.fetch$', ''))))`;

/** A pause that a person began has no version, and ends by a person. */
const RESUME_CHANGED = `
  with service as (
    select service_id, breakers.tenant_id, paused_version, substr(service_id, length(breakers.tenant_id) + 2) as name
      from breakers where paused_at is not null and paused_version is not null)
  update breakers
     set paused_at = null, pause_reason = null, paused_by = null, paused_version = null, misdirected_leads = '{}', updated_at = clock_timestamp()
    from service join config_versions before on before.id = service.paused_version
                 join config_versions active on active.tenant_id = service.tenant_id and active.active
   where breakers.service_id = service.service_id and breakers.paused_version = service.paused_version and active.id <> before.id
     and ${OBJECT('before')} is distinct from ${OBJECT('active')}
  returning breakers.service_id as id, breakers.tenant_id as "tenantId"`;

const NOT_CLOSED = `select service_id as id from breakers where state <> 'closed' and tenant_id is not null`;

const CLOSE = `
  update breakers
     set state = 'closed', failures = 0, failed_leads = '{}', opened_at = null, probe_at = null, probe_lease_until = null,
         closed_at = clock_timestamp(), updated_at = clock_timestamp()
   where service_id = any($1::text[]) and state <> 'closed'
  returning service_id as id, tenant_id as "tenantId"`;

interface Changed {
  readonly id: DestinationId;
  readonly tenantId: TenantId;
}

export class PgTendServices extends ServiceRecords {
  constructor(private readonly pool: Pool) {
    super();
  }

  override resumeChanged(): Promise<void> {
    return this.change('destination.resumed', RESUME_CHANGED, []);
  }

  override async notClosed(): Promise<DestinationId[]> {
    const { rows } = await this.pool.query<{ id: DestinationId }>(NOT_CLOSED);
    return rows.map(({ id }) => id);
  }

  override close(ids: readonly DestinationId[]): Promise<void> {
    return this.change('breaker.closed', CLOSE, [ids]);
  }

  private change(type: OperatorEventType & ('destination.resumed' | 'breaker.closed'), text: string, values: unknown[]): Promise<void> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<Changed>(text, values);
      const detail = { by: 'config' };
      await appendAuditEvents(
        client,
        rows.map(({ id, tenantId }) => ({ tenantId, type, actor: 'config' as const, detail: { destination: id } })),
      );
      await appendOperatorEvents(
        client,
        rows.map(({ id, tenantId }) => ({ tenantId, type, subject: id, detail })),
      );
    });
  }
}
