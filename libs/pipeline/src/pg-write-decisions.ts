import { type AuditEventInput, auditEventRows } from '#audit';
import type { LeadId, OperatorEventInput } from '#core';
import { type ClaimRequest, undoClaims, writeClaims } from '#dedup';
import { appendOperatorEvents } from '#operator-events';
import type { PoolClient } from '#platform';
import { claimRequestOf } from './claim-request.js';
import { type DecidedRow, decidedRow, decisionEvents, type DeliveryRow, deliveryRows } from './decided-row.js';
import type { DecidedLead } from './lead-store.port.js';
import { changeEvents, decideAnew, type DeliveryChanges, writeChanges } from './pg-decide-anew.js';
import { writeStatement } from './pg-lead-statements.js';

/** A decided lead, ready to be written. */
export interface Item {
  readonly decided: DecidedLead;
  readonly row: DecidedRow;
  /** Everything that is written of it, as JSON. */
  readonly rowText: string;
  readonly deliveries: readonly DeliveryRow[];
  readonly hasCrmLead: boolean;
  readonly claims: ClaimRequest | null;
  /** To deliveries of a lead that was decided before. */
  readonly changes?: DeliveryChanges;
}

export function itemOf(decided: DecidedLead): Item {
  const row = decidedRow(decided);
  const deliveries = deliveryRows(decided);
  return {
    decided,
    row,
    rowText: textOf(decided, row, deliveries, decisionEvents(row, deliveries)),
    deliveries,
    hasCrmLead: crmLeadsOf(decided).length > 0,
    claims: claimRequestOf(decided),
  };
}

/** Shaped as writeStatement reads it. */
function textOf(decided: DecidedLead, row: DecidedRow, deliveries: readonly DeliveryRow[], events: readonly AuditEventInput[]): string {
  return JSON.stringify({ ...row, deliveries, events: auditEventRows(events), crm_leads: crmLeadsOf(decided) });
}

function crmLeadsOf({ journey: { outcome, facts } }: DecidedLead): object[] {
  const columns = outcome.kind === 'continue' ? facts.crmColumns : null;
  return columns ? [columns] : [];
}

export interface Written {
  /** Leads that lost a claim. */
  readonly lost: ReadonlySet<LeadId>;
  readonly winners: readonly Item[];
}

/** Inside the caller's transaction. Claims first: whoever loses one leaves before anything else of it is written. */
export async function writeDecisions(client: PoolClient, items: readonly Item[], rung: ReadonlySet<string>): Promise<Written> {
  const { lost, fresh } = await writeClaims(
    client,
    items.flatMap(({ claims }) => (claims === null ? [] : [claims])),
  );
  const deciding = await withEarlierDeliveries(
    client,
    items.filter(({ decided }) => !lost.has(decided.lead.id)),
  );
  const won = await writeRows(client, deciding, rung);
  const winners = deciding.filter(({ row }) => won.has(row.id));
  await undoClaims(
    client,
    fresh.filter(({ leadId }) => !won.has(leadId)),
  );
  await writeChanges(
    client,
    winners.flatMap(({ changes }) => changes ?? []),
  );
  await appendOperatorEvents(client, winners.flatMap(poisoned));
  return { lost, winners };
}

/** A lead that took processes down is held: somebody has to look at it. */
function poisoned({ decided: { lead, journey } }: Item): OperatorEventInput[] {
  const { outcome } = journey;
  if (outcome.kind !== 'hold' || outcome.reason.code !== 'poison') return [];
  return [
    { tenantId: lead.tenantId, type: 'lead.poisoned', subject: lead.id, detail: { crashes: lead.crashCount, source: lead.sourceId } },
  ];
}

/** A lead that was decided before may have deliveries, and what becomes of them is part of the decision. */
async function withEarlierDeliveries(client: PoolClient, items: readonly Item[]): Promise<readonly Item[]> {
  const anew = await decideAnew(client, items);
  if (anew.size === 0) return items;
  return items.map((item) => {
    const again = anew.get(item.decided.lead.id);
    if (again === undefined) return item;
    const { row, deliveries, changes } = again;
    const events = [...decisionEvents(row, deliveries), ...changeEvents(item.decided, changes)];
    return { ...item, ...again, rowText: textOf(item.decided, row, deliveries, events) };
  });
}

/** @returns the leads that were decided by it */
async function writeRows(client: PoolClient, items: readonly Item[], rung: ReadonlySet<string>): Promise<Set<string>> {
  if (items.length === 0) return new Set();
  const deliveries = items.some((item) => item.deliveries.length > 0);
  const statement = writeStatement({ deliveries, crmLeads: items.some(({ hasCrmLead }) => hasCrmLead) });
  const rows = `[${items.map(({ rowText }) => rowText).join(',')}]`;
  const { rows: won } = await client.query<{ id: string }>({ ...statement, values: deliveries ? [rows, [...rung]] : [rows] });
  return new Set(won.map(({ id }) => id));
}
