import { Redis } from 'ioredis';
import pg from 'pg';
import { verifyAuditChain } from '#audit';
import { findCanaries, unwanted } from '../../support/find-canaries.js';
import { leadgate } from '../../support/leadgate-cli.js';
import { contentOfRedis } from '../../support/redis-content.js';
import { readCrmLedger, type SeenLead } from './crm-ledger.js';
import { PERSONAL_TEXTS } from './demo-lead.js';
import type { FaultWorld } from './fault-world.js';
import { finding, idsOf } from './finding.js';
import { peopleAreTheirOwn } from './people.js';

/** What of a world is looked at. */
export type Judged = Pick<FaultWorld, 'crmLedger' | 'owner' | 'database' | 'folder' | 'slots'>;

export interface Acknowledged {
  /** Ids of leads that were answered 2xx. */
  readonly acknowledged: readonly string[];
  readonly redisUrl?: string | undefined;
  /** Seconds between two attempts of a delivery, times 1, 2, 4, 8, 16. */
  readonly retryBaseSeconds?: number;
  /** Leads were taken up again: their schedule of attempts began anew. */
  readonly replayed?: boolean;
  /** Who was acknowledged as which lead, where the sender knows: people of demoLead, each sent under a key. */
  readonly people?: ReadonlyMap<number, string>;
}

const SHOWN = 5;
/** Of a delivery, uncounted ones aside. */
const MOST_ATTEMPTS = 6;

/**
 * Holds three ledgers against each other: what was acknowledged, what Postgres has, what the CRM wrote down before it answered. Nothing may be
 * on its way any more. Returns a sentence for each broken promise, which begins with its number in docs/reliability.md; empty: all hold.
 */
export async function judge(world: Judged, run: Acknowledged): Promise<string[]> {
  const seen = await readCrmLedger(world.crmLedger);
  const client = await world.owner.connect();
  try {
    const answers = [
      await storedBeforeAnswered(client, run),
      await peopleAreTheirOwn(client, seen, run.people),
      await atAnEnd(client),
      await failedForAReason(client),
      await deliveredOnce(client, seen),
      await callsAreTheirs(client, seen),
      await auditTells(client, world.owner),
      await attemptsAreCalls(client, seen),
      run.replayed ? [] : await neverEarly(client, run.retryBaseSeconds ?? 0.05),
      await ledgerBalances(world),
      await nothingPersonal(client, world, run.redisUrl),
    ];
    return answers.flat();
  } finally {
    client.release();
  }
}

async function storedBeforeAnswered(client: pg.ClientBase, { acknowledged }: Acknowledged): Promise<string[]> {
  const lost = await idsOf(
    client,
    `select acknowledged.id from unnest($1::uuid[]) as acknowledged (id)
      where not exists (select from leads join inbound_requests request on request.id = leads.inbound_request_id
                         where leads.id = acknowledged.id and length(request.body) > 0)`,
    [acknowledged],
  );
  return finding('I1 I2', 'acknowledged and not stored', lost);
}

async function atAnEnd(client: pg.ClientBase): Promise<string[]> {
  return [
    ...finding(
      'I1',
      'neither at its end nor held',
      await idsOf(client, `select id from leads where status in ('RECEIVED', 'READY', 'FAILED')`),
    ),
    ...finding('I1', 'held without a reason', await idsOf(client, `select id from leads where status = 'HELD' and hold_reason is null`)),
    ...finding(
      'I1',
      'held until nobody releases it',
      await idsOf(client, `select id from leads where status = 'HELD' and hold_until < clock_timestamp() - interval '1 min'`),
    ),
    ...finding(
      'I1',
      'its status says other than its deliveries',
      await idsOf(
        client,
        `select leads.id from leads join deliveries on deliveries.lead_id = leads.id and deliveries.superseded_at is null
          group by leads.id having (leads.status = 'DELIVERED') <> bool_and(deliveries.status = 'DELIVERED')`,
      ),
    ),
  ];
}

/** A lead of these suites has nothing wrong with it: it fails because the CRM refuses it or because it never takes it. */
async function failedForAReason(client: pg.ClientBase): Promise<string[]> {
  return finding(
    'I1',
    'failed for good, and neither refused nor tried to the end',
    await idsOf(
      client,
      `select delivery.lead_id as id from deliveries delivery left join delivery_attempts attempt on attempt.delivery_id = delivery.id
        where delivery.status = 'PERMANENTLY_FAILED' and delivery.superseded_at is null group by delivery.id
       having count(attempt.*) < $1 and coalesce(bool_and(attempt.outcome is distinct from 'refused'), true)`,
      [MOST_ATTEMPTS],
    ),
  );
}

/** What arrived at the CRM is what Postgres says was to be sent, and what it is called there is what Postgres says. */
async function callsAreTheirs(client: pg.ClientBase, seen: ReadonlyMap<string, SeenLead>): Promise<string[]> {
  const { rows } = await client.query<{ id: string; form: string; record: string | null }>(
    `select lead_id as id, idempotency_key || ' ' || encode(sha256(convert_to(payload, 'UTF8')), 'hex') as form, crm_record_id as record from deliveries`,
  );
  const forms = new Set(rows.map(({ id, form }) => `${id} ${form}`));
  const changed = [...seen].filter(([id, lead]) => [...lead.forms].some((form) => !forms.has(`${id} ${form}`)));
  const renamed = rows.filter(({ id, record }) => record !== null && !seen.get(id)?.records.has(record));
  return [
    ...finding(
      'I3',
      'arrived with another key or other bytes than were to be sent',
      changed.map(([id]) => id),
    ),
    ...finding(
      'I3',
      'its record is called otherwise at the CRM',
      renamed.map(({ id }) => id),
    ),
  ];
}

async function deliveredOnce(client: pg.ClientBase, seen: ReadonlyMap<string, SeenLead>): Promise<string[]> {
  const { rows } = await client.query<{ id: string; status: string; unknowns: number }>(
    `select leads.id, leads.status, count(*) filter (where attempt.sent_state = 'unknown')::int as unknowns
       from leads left join delivery_attempts attempt on attempt.lead_id = leads.id group by leads.id`,
  );
  const leads = new Map(rows.map((row) => [row.id, row]));
  const of = (test: (lead: SeenLead, id: string) => boolean): string[] =>
    [...seen].filter(([id, lead]) => test(lead, id)).map(([id]) => id);
  return [
    ...finding(
      'I1',
      'delivered and not at the CRM',
      rows.filter(({ id, status }) => status === 'DELIVERED' && !seen.get(id)?.effects).map(({ id }) => id),
    ),
    ...finding(
      'I3',
      'more than one effect',
      of(({ effects }) => effects > 1),
    ),
    ...finding(
      'I3',
      'repeated with another key or other bytes',
      of(({ forms }) => forms.size > 1),
    ),
    ...finding(
      'I3',
      'would be there twice in a CRM that ignores keys, although no attempt says unknown',
      of(({ arrivals }, id) => arrivals - 1 > (leads.get(id)?.unknowns ?? 0)),
    ),
    ...finding(
      'I3',
      'at the CRM, not delivered here, and no attempt says unknown',
      of(({ effects }, id) => effects > 0 && leads.has(id) && leads.get(id)?.status !== 'DELIVERED' && !leads.get(id)?.unknowns),
    ),
    ...finding(
      'I1',
      'at the CRM and unknown here',
      of((_lead, id) => !leads.has(id)),
    ),
  ];
}

async function auditTells(client: pg.ClientBase, owner: pg.Pool): Promise<string[]> {
  const untold = await idsOf(
    client,
    `select leads.id from leads
      where (select count(*) from audit_events where lead_id = leads.id and type = 'lead.received') <> 1
         or leads.status is distinct from (select to_status from audit_events
                                            where lead_id = leads.id and delivery_id is null and to_status is not null order by at desc, id desc limit 1)`,
  );
  const verdict = await verifyAuditChain(owner);
  return [
    ...finding('I5', 'the audit trail does not say how it came to its status', untold),
    ...verdict.problems.slice(0, SHOWN).map(({ detail }) => `I5: the audit chain is broken: ${detail}`),
  ];
}

/** An answer is counted where there was a request, and no request went out without an attempt. */
async function attemptsAreCalls(client: pg.ClientBase, seen: ReadonlyMap<string, SeenLead>): Promise<string[]> {
  const { rows } = await client.query<{ id: string; sent: number; answered: number }>(
    `select lead_id as id, count(*) filter (where sent_state <> 'not_sent')::int as sent, count(*) filter (where sent_state = 'answered')::int as answered
       from delivery_attempts group by lead_id`,
  );
  const wrong = rows.filter(({ id, sent, answered }) => {
    const requests = seen.get(id)?.requests ?? 0;
    return requests > sent || requests < answered;
  });
  return finding(
    'I11',
    'attempts and requests do not fit',
    wrong.map(({ id }) => id),
  );
}

/** On the clock of Postgres, whatever the clocks of the processes said. */
async function neverEarly(client: pg.ClientBase, baseSeconds: number): Promise<string[]> {
  const early = await idsOf(
    client,
    `select next.lead_id as id from delivery_attempts next
       join delivery_attempts previous on previous.delivery_id = next.delivery_id and previous.attempt_no = next.attempt_no - 1
      where next.started_at < previous.finished_at + make_interval(secs => $1 * power(2, previous.attempt_no - 1)) - interval '1 ms'`,
    [baseSeconds],
  );
  return finding('I10', 'tried again before it was due', early);
}

/** `leadgate ledger`, as an operator asks it. */
async function ledgerBalances(world: Judged): Promise<string[]> {
  const { code, said, complained } = await leadgate(['ledger', '--json'], {
    DATABASE_URL: world.database.url,
    LEADGATE_DATA_DIR: world.folder.path,
  });
  return code === 0 ? [] : [`I1 I5: the ledger does not balance (exit code ${code}): ${said.slice(0, 1500)} ${complained}`];
}

async function nothingPersonal(client: pg.ClientBase, world: Judged, redisUrl: string | undefined): Promise<string[]> {
  const found = unwanted(await findCanaries(client, PERSONAL_TEXTS));
  const look = (where: string, text: string): void => {
    const lower = text.toLowerCase();
    for (const personal of PERSONAL_TEXTS) if (lower.includes(personal)) found.push(`${where}: "${personal}"`);
  };
  for (const slot of world.slots) {
    look('a log', slot.output());
    const metrics = slot.alive
      ? await fetch(`${slot.url}/metrics`).then(
          (answer) => answer.text(),
          () => '',
        )
      : '';
    look('metrics', metrics);
  }
  if (redisUrl !== undefined) {
    const redis = new Redis(redisUrl);
    look('Redis', await contentOfRedis(redis));
    redis.disconnect();
  }
  return found.map((sentence) => `I7: ${sentence}`);
}
