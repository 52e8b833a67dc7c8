import type { ClientBase } from 'pg';
import type { Alarm, JsonObject, OperatorEventType, TenantId } from '#core';
import { appendOperatorEvents } from './append-operator-events.js';

export interface AlarmState {
  readonly alarm: Alarm;
  /** What it is about: an id of configuration, or `gateway`. */
  readonly subject: string;
  readonly tenantId: TenantId | null;
  readonly raised: boolean;
  readonly detail: JsonObject;
}

/** What is told when it begins and when it is over; null: nothing. */
const EVENTS: Readonly<Record<Alarm, { readonly raised: OperatorEventType; readonly over: OperatorEventType | null }>> = {
  leads_stuck: { raised: 'leads.stuck', over: 'leads.moving' },
  source_silent: { raised: 'source.silent', over: 'source.heard' },
  ledger_unbalanced: { raised: 'ledger.unbalanced', over: 'ledger.balanced' },
  dead_letters: { raised: 'dead_letters.appeared', over: null },
};

const RAISE = `
  INSERT INTO alarms AS known (alarm, subject, tenant_id, raised, detail) VALUES ($1, $2, $3, true, $4::jsonb)
  ON CONFLICT (alarm, subject) DO UPDATE
     SET raised = true, changed_at = clock_timestamp(), seen_at = clock_timestamp(), detail = excluded.detail
   WHERE NOT known.raised
  RETURNING alarm`;
const STILL = 'UPDATE alarms SET seen_at = clock_timestamp(), detail = $3::jsonb WHERE alarm = $1 AND subject = $2 AND raised';
const LOWER = `
  UPDATE alarms SET raised = false, changed_at = clock_timestamp(), seen_at = clock_timestamp(), detail = $3::jsonb
   WHERE alarm = $1 AND subject = $2 AND raised
  RETURNING alarm`;

/**
 * Raises or lowers an alarm inside the caller's transaction, and tells operators if that is a change: of many processes that see the same, the one
 * whose compare-and-set succeeds tells it.
 * @returns whether it is a change
 */
export async function setAlarm(client: Pick<ClientBase, 'query'>, state: AlarmState): Promise<boolean> {
  const { alarm, subject, tenantId, raised, detail } = state;
  const said = JSON.stringify(detail);
  const { rowCount } = raised
    ? await client.query(RAISE, [alarm, subject, tenantId, said])
    : await client.query(LOWER, [alarm, subject, said]);
  if (rowCount === 0) {
    if (raised) await client.query(STILL, [alarm, subject, said]);
    return false;
  }
  const type = raised ? EVENTS[alarm].raised : EVENTS[alarm].over;
  if (type !== null) await appendOperatorEvents(client, [{ tenantId, type, subject, detail }]);
  return true;
}
