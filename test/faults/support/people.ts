import type pg from 'pg';
import type { SeenLead } from './crm-ledger.js';
import { CANARY, demoLead, personOf } from './demo-lead.js';
import { finding, idsOf } from './finding.js';

/** Leads of the suites say who they are, as demoLead numbers them; bodies that arrived otherwise are nobody's. */
const PEOPLE = `
  select leads.id, leads.source_id, leads.status, encode(request.body, 'escape') as body, (regexp_match(encode(request.body, 'escape'), '${CANARY}-(\\d+)@'))[1]::int as number
    from leads join inbound_requests request on request.id = leads.inbound_request_id`;

/**
 * From the sender through Postgres to the CRM a lead stays the person that was sent, and there is one of each: ids that fit each other do not
 * say so when bodies are swapped or a request was stored twice.
 */
export async function peopleAreTheirOwn(
  client: pg.ClientBase,
  seen: ReadonlyMap<string, SeenLead>,
  acknowledged: ReadonlyMap<number, string> = new Map(),
): Promise<string[]> {
  const { rows } = await client.query<{ id: string; source_id: string; status: string; body: string; number: number | null }>(PEOPLE);
  const people = rows.flatMap(({ number, ...row }) => (number === null ? [] : [{ ...row, number }]));
  const numbers = new Map(people.map(({ id, number }) => [id, number]));
  const firsts = new Map<string, string>();
  const again = people.filter(({ id, source_id: source, number }) => {
    const first = firsts.get(`${source} ${number}`) ?? id;
    firsts.set(`${source} ${number}`, first);
    return first !== id;
  });
  const others = people.filter(({ id, number }) => [...(seen.get(id)?.people ?? [])].some((person) => person !== personOf(number)));
  const otherwise = people.filter(({ id, number, body }) => acknowledged.get(number) === id && body !== JSON.stringify(demoLead(number)));
  const swapped = [...acknowledged].filter(([number, id]) => numbers.get(id) !== number);
  return [
    ...finding('I4', 'sent once and there again as', idsIn(again)),
    ...finding('I1', 'at the CRM as another person', idsIn(others)),
    ...finding('I1', 'stored otherwise than it was sent', idsIn(otherwise)),
    ...finding('I1', 'acknowledged to the sender of another one', idsIn(swapped.map(([, id]) => ({ id })))),
    ...finding('I1', 'at an end that nobody gave it a reason for', idsIn(people.filter(({ status }) => ENDS_OF_OTHERS.includes(status)))),
    ...finding('I4', 'acknowledged, and its key is forgotten', await withoutKey(client, [...acknowledged.values()])),
  ];
}

/** Nothing is wrong with a demo lead, it has a destination, and nobody erases it. */
const ENDS_OF_OTHERS = ['REJECTED', 'KEPT', 'ERASED'];

const idsIn = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

function withoutKey(client: pg.ClientBase, ids: readonly string[]): Promise<string[]> {
  return idsOf(
    client,
    `select id from unnest($1::uuid[]) as acknowledged (id) where not exists (select from idempotency_records where lead_id = acknowledged.id)`,
    [ids],
  );
}
