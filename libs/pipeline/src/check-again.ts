import { appendAuditEvents, type AuditEventInput } from '#audit';
import type { ActiveConfig, Fingerprint, ResolvedConfig } from '#core';
import type { IndexProbe } from '#dedup';
import { fingerprintsOf, type KeyRing, type KeyRings } from '#keys';
import { inTransaction, type Metrics, type Pool, type PoolClient } from '#platform';
import { decideLateChecks, type LateDuplicate, type UncheckedLead } from './decide-late-checks.js';
import { identitiesOfLead } from './identities-of-lead.js';
import { lateChecks, type UncheckedRow } from './pg-late-checks.js';

export interface CheckAgainParts {
  readonly pool: Pool;
  readonly index: IndexProbe;
  readonly rings: KeyRings;
  readonly config: ActiveConfig;
  readonly metrics: Pick<Metrics, 'lateDuplicates'>;
}

interface Checkable {
  readonly resolved: ResolvedConfig;
  readonly ring: KeyRing;
}

/**
 * Leads that went on without their duplicate check are checked as soon as the index answers and their tenant has a key, oldest first. A
 * duplicate that is found now is recorded and told, whatever became of the lead since, and changes no status: it may be with the CRM
 * already. One that is nobody's duplicate claims its identities as of the moment it came. One round is one transaction, by one process at a time.
 */
export class CheckAgain {
  /** CONTRACTS 3 and ARCHITECTURE 4: at most 200 a second. */
  static readonly PER_SECOND = 200;

  constructor(private readonly parts: CheckAgainParts) {}

  /** @returns how many leads were checked or need no check any more */
  async runOnce(): Promise<number> {
    const { pool, metrics } = this.parts;
    if (!(await lateChecks.any(pool))) return 0;
    const tenants = await this.checkable();
    const { checked, late } = await inTransaction(pool, (client) => this.round(client, tenants));
    for (const { tenantId } of late) metrics.lateDuplicates.inc({ tenant: tenantId });
    return checked;
  }

  private async checkable(): Promise<Map<string, Checkable>> {
    const { config, index, rings } = this.parts;
    const answering = await index.answering(config.tenants().map(({ tenantId }) => tenantId));
    return new Map(
      answering.flatMap((tenantId) => {
        const [resolved, ring] = [config.tenant(tenantId), rings.ringOf(tenantId)];
        return resolved === undefined || ring === null ? [] : [[tenantId, { resolved, ring }] as const];
      }),
    );
  }

  private async round(client: PoolClient, tenants: ReadonlyMap<string, Checkable>): Promise<{ checked: number; late: LateDuplicate[] }> {
    const rows = await lateChecks.take(
      client,
      [...tenants.values()].map(({ resolved }) => resolved.tenantId),
      CheckAgain.PER_SECOND,
    );
    const going = rows.filter(({ status }) => status !== 'REJECTED' && status !== 'ERASED');
    const leads = going.flatMap((row) => uncheckedLead(row, tenants.get(row.tenantId)) ?? []);
    const { duplicates, claims } = decideLateChecks(
      leads.map(({ lead }) => lead),
      await lateChecks.holders(
        client,
        leads.map(({ lead }) => lead),
      ),
      new Date(),
    );
    const again = await lateChecks.claim(client, claims);
    const told = await lateChecks.tell(client, duplicates);
    const late = duplicates.filter(({ leadId }) => told.has(leadId));
    const unindexed = leads.filter(({ row, searched }) => !row.hasIndex && searched.length > 0);
    await lateChecks.index(
      client,
      unindexed.map(({ lead }) => lead),
      unindexed.map(({ searched }) => searched),
    );
    const checked = rows.filter(({ id }) => !again.has(id)).map(({ id }) => id);
    await lateChecks.checked(client, checked);
    await appendAuditEvents(client, late.map(eventOf));
    return { checked: checked.length, late };
  }
}

function uncheckedLead(
  row: UncheckedRow,
  tenant: Checkable | undefined,
): { row: UncheckedRow; lead: UncheckedLead; searched: readonly Fingerprint[] } | null {
  if (tenant === undefined) return null;
  const { config } = tenant.resolved;
  const all = fingerprintsOf(tenant.ring, row.tenantId, identitiesOfLead(row, config));
  const compared = config.dedup.identities;
  const fingerprints = all
    .filter(({ kind }) => compared.includes(kind))
    .sort((a, b) => compared.indexOf(a.kind) - compared.indexOf(b.kind));
  const { id, tenantId, receivedAt } = row;
  const lead = { id, tenantId, receivedAt, fingerprints, windowHours: config.dedup.window_hours };
  return { row, lead, searched: all.filter(({ kind }) => kind !== 'native_id') };
}

function eventOf({ tenantId, leadId, earlier }: LateDuplicate): AuditEventInput {
  const detail = { duplicateOf: earlier.leadId, matchedOn: earlier.matchedOn, seenAt: earlier.seenAt.toISOString() };
  return { tenantId, leadId, type: 'lead.late_duplicate', actor: 'relay', reason: 'duplicate_confirmed', detail };
}
