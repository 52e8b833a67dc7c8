import type { Acknowledged } from './oracle.js';

/** The leads of the run that is harmed, by what happened to them. */
export const LEADS = ['plain', 'other', 'retried', 'unknown', 'refused'] as const;
export type Name = (typeof LEADS)[number];

/** A line of the CRM's file. */
export interface CrmLine {
  key: string;
  effect: boolean;
  id: string | null;
  body: { lead: { email: string; phone: string }; meta_attributes: { unique_id?: string } };
}

export interface Harm {
  readonly what: string;
  /** The promises that the oracle may call broken; one of them it must. */
  readonly says: RegExp;
  /** Statements; `:plain` and so on stand for the ids of leads, `:new` for one that nothing has. Nothing checks them, as after a restored disk. */
  readonly sql?: string;
  readonly crm?: (lines: CrmLine[], of: (name: Name) => CrmLine[]) => CrmLine[];
  readonly acknowledged?: (run: Acknowledged & { people: ReadonlyMap<number, string> }) => Acknowledged;
}

export const NEW = '01890000-0000-7000-8000-000000000001';
const again = (table: string, where: string, change: string): string =>
  `insert into ${table} select changed.* from ${table} row, jsonb_populate_record(null::${table}, to_jsonb(row) || ${change}) changed where row.${where}`;

export const IN_POSTGRES: readonly Harm[] = [
  {
    what: 'a request removed',
    says: /^I1 I2/,
    sql: `delete from inbound_requests where id = (select inbound_request_id from leads where id = ':plain')`,
  },
  {
    what: 'a request emptied',
    says: /^I1 I2/,
    sql: `update inbound_requests set body = '' where id = (select inbound_request_id from leads where id = ':plain')`,
  },
  {
    what: 'a request with the body of another one',
    says: /^I1.*another/,
    sql: `update inbound_requests set body = (select body from inbound_requests r join leads l on l.inbound_request_id = r.id where l.id = ':other')
           where id = (select inbound_request_id from leads where id = ':plain')`,
  },
  {
    what: 'a request with one field altered',
    says: /^I1.*otherwise than it was sent/,
    sql: `update inbound_requests set body = convert_to(replace(convert_from(body, 'UTF8'), '66001', '66999'), 'UTF8')
           where id = (select inbound_request_id from leads where id = ':plain')`,
  },
  { what: 'a lead removed', says: /^I1 I2/, sql: `delete from leads where id = ':plain'` },
  { what: 'a lead doubled without its trail', says: /^I5/, sql: again('leads', `id = ':plain'`, `'{"id": ":new", "item_no": 1}'`) },
  {
    what: 'a lead doubled with all that belongs to it',
    says: /^I4/,
    sql: `${again('leads', `id = ':refused'`, `'{"id": ":new", "item_no": 1}'`)};
          ${again('deliveries', `lead_id = ':refused'`, `'{"id": ":new", "lead_id": ":new"}'`)};
          ${again('delivery_attempts', `lead_id = ':refused'`, `'{"delivery_id": ":new", "lead_id": ":new"}'`)};
          ${again('journeys', `lead_id = ':refused'`, `'{"id": ":new", "lead_id": ":new"}'`)};
          ${again('audit_events', `lead_id = ':refused'`, `jsonb_build_object('id', gen_random_uuid(), 'lead_id', ':new')`)}`,
  },
  { what: 'a lead that waits again', says: /^I1/, sql: `update leads set status = 'RECEIVED' where id = ':plain'` },
  {
    what: 'a delivered lead that counts as failed',
    says: /^I3/,
    sql: `update leads set status = 'PERMANENTLY_FAILED' where id = ':plain'`,
  },
  { what: 'a failed lead that counts as delivered', says: /^I1/, sql: `update leads set status = 'DELIVERED' where id = ':refused'` },
  {
    what: 'a failed lead and its delivery that count as delivered, with the trail that says so',
    says: /^I1/,
    sql: `update leads set status = 'DELIVERED' where id = ':refused'; update deliveries set status = 'DELIVERED' where lead_id = ':refused';
          update audit_events set to_status = 'DELIVERED' where lead_id = ':refused' and to_status = 'PERMANENTLY_FAILED'`,
  },
  {
    what: 'a lead that was rejected instead',
    says: /^I1/,
    sql: `update leads set status = 'REJECTED', rejection_reason = 'NOT_HOMEOWNER' where id = ':refused'; delete from deliveries where lead_id = ':refused';
          delete from delivery_attempts where lead_id = ':refused'`,
  },
  {
    what: 'a lead held until nobody releases it',
    says: /^I1/,
    sql: `update leads set status = 'HELD', hold_reason = 'poison', hold_until = now() - interval '1 h' where id = ':refused'`,
  },
  { what: 'a delivery removed', says: /^I/, sql: `delete from deliveries where lead_id = ':plain'` },
  {
    what: 'a delivery doubled',
    says: /^I/,
    sql: again('deliveries', `lead_id = ':plain'`, `'{"id": ":new", "epoch": 2, "status": "PENDING"}'`),
  },
  {
    what: 'a delivery with another payload',
    says: /^I3.*other bytes/,
    sql: `update deliveries set payload = replace(payload, 'Solaranlagen', 'Dachziegel') where lead_id = ':plain'`,
  },
  { what: 'a delivery that waits again', says: /^I1/, sql: `update deliveries set status = 'RETRYING' where lead_id = ':plain'` },
  {
    what: 'a delivery with the record of another lead',
    says: /^I3/,
    sql: `update deliveries set crm_record_id = 'of-somebody-else' where lead_id = ':plain'`,
  },
  {
    what: 'a delivery that failed for no reason',
    says: /^I1/,
    sql: `update delivery_attempts set outcome = 'retry' where lead_id = ':refused'`,
  },
  { what: 'the attempts of a lead removed', says: /^I/, sql: `delete from delivery_attempts where lead_id = ':plain'` },
  {
    what: 'one attempt of several removed',
    says: /^I11/,
    sql: `delete from delivery_attempts where lead_id = ':retried' and attempt_no = 1`,
  },
  {
    what: 'an attempt doubled',
    says: /^I11/,
    sql: again('delivery_attempts', `lead_id = ':plain'`, `jsonb_build_object('attempt_no', row.attempt_no + 1)`),
  },
  {
    what: 'a call in doubt that counts as not sent',
    says: /^I11/,
    sql: `update delivery_attempts set sent_state = 'not_sent' where lead_id = ':unknown' and sent_state = 'unknown'`,
  },
  {
    what: 'an attempt before it was due',
    says: /^I10/,
    sql: `update delivery_attempts set started_at = started_at - interval '1 h' where lead_id = ':retried' and attempt_no = 2`,
  },
  { what: 'a receipt removed', says: /^I5/, sql: `delete from audit_events where lead_id = ':plain' and type = 'lead.received'` },
  {
    what: 'an event of a delivery removed',
    says: /^I5/,
    sql: `delete from audit_events where lead_id = ':plain' and delivery_id is not null`,
  },
  {
    what: 'an event doubled',
    says: /^I5/,
    sql: again('audit_events', `lead_id = ':plain' and row.type = 'lead.received'`, `'{"id": ":new"}'`),
  },
  {
    what: 'an event altered',
    says: /^I5/,
    sql: `update audit_events set actor = 'system' where lead_id = ':plain' and type = 'lead.received'`,
  },
  {
    what: 'a link of the chain removed',
    says: /^I5/,
    sql: `delete from audit_chain where event_id = (select id from audit_events where lead_id = ':plain' order by id limit 1)`,
  },
  { what: 'a journey removed', says: /^I/, sql: `delete from journeys where lead_id = ':plain'` },
  { what: 'a sender’s key forgotten', says: /^I4/, sql: `delete from idempotency_records where lead_id = ':plain'` },
  {
    what: 'a person in a column that is for none',
    says: /^I7/,
    sql: `update deliveries set last_error = 'Kanarienvogel-1@example.com' where lead_id = ':refused'`,
  },
];

export const AT_THE_CRM: readonly Harm[] = [
  { what: 'its lead removed', says: /^I1/, crm: (lines, of) => lines.filter((line) => line !== of('plain')[0]) },
  { what: 'a request doubled', says: /^I3/, crm: (lines, of) => [...lines, ...of('plain')] },
  { what: 'a request that made nothing doubled', says: /^I11/, crm: (lines, of) => [...lines, ...of('refused')] },
  {
    what: 'a lead under another key',
    says: /^I3/,
    crm: (lines, of) => [...lines, ...of('retried').map((line) => ({ ...line, key: 'another', effect: false, id: null }))],
  },
  {
    what: 'another person',
    says: /^I1/,
    crm: (lines, of) => edited(lines, of('plain'), (line) => Object.assign(line.body.lead, of('other')[0]?.body.lead)),
  },
  {
    what: 'another phone',
    says: /^I1/,
    crm: (lines, of) => edited(lines, of('plain'), (line) => Object.assign(line.body.lead, { phone: '+4915112345678' })),
  },
  {
    what: 'a lead that nobody sent',
    says: /^I1/,
    crm: (lines, of) => edited(lines, of('plain'), (line) => Object.assign(line.body.meta_attributes, { unique_id: NEW })),
  },
  {
    what: 'a lead without its id',
    says: /^I1/,
    crm: (lines, of) => [...lines, ...of('plain').map((line) => ({ ...line, body: { ...line.body, meta_attributes: {} } }))],
  },
  {
    what: 'a lead that counts as refused here',
    says: /^I3/,
    crm: (lines, of) => edited(lines, of('refused'), (line) => Object.assign(line, { effect: true, id: 'r-1' })),
  },
];

export const TO_SENDERS: readonly Harm[] = [
  { what: 'a lead that is nowhere', says: /^I1 I2/, acknowledged: (run) => ({ ...run, acknowledged: [...run.acknowledged, NEW] }) },
  {
    what: 'the ids of two senders swapped',
    says: /^I1.*another/,
    acknowledged: (run) => {
      const [[one = 0, first = ''] = [], [two = 0, second = ''] = []] = [...run.people];
      return { ...run, people: new Map([...run.people, [one, second], [two, first]]) };
    },
  },
];

function edited(lines: CrmLine[], which: CrmLine[], edit: (line: CrmLine) => void): CrmLine[] {
  return lines.map((line) => {
    if (!which.includes(line)) return line;
    const copy = structuredClone(line);
    edit(copy);
    return copy;
  });
}
