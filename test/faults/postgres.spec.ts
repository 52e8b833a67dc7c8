import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { QUEUE_BACKENDS } from '../support/gateway-process.js';
import { demoLead } from './support/demo-lead.js';
import { acceptLead, FaultWorld, sendLead } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { LeadSender } from './support/lead-sender.js';
import { judge } from './support/oracle.js';
import { PrivatePostgres } from './support/private-postgres.js';

/** One gateway lives through all of it: no fault of Postgres may end the process. */
describe.each(QUEUE_BACKENDS)('Postgres goes away and comes back, with the queue in $name', ({ redisUrl, empty }) => {
  let postgres: PrivatePostgres;
  let world: FaultWorld;
  let gateway: GatewaySlot;
  const acknowledged: string[] = [];
  let people = 0;

  beforeAll(async () => {
    await empty();
    postgres = await PrivatePostgres.start();
    world = await FaultWorld.open({ redisUrl, database: postgres.database });
    // Two connections for accepting: those that two stuck commits hold.
    gateway = world.slot({ LEADGATE_POOL_ACCEPT: '2' });
  });
  afterAll(async () => {
    if (world === undefined) await postgres?.database.drop();
    else await world.close();
  });

  const post = (): Promise<Response> =>
    fetch(`${gateway.url}/webhooks/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(demoLead((people += 1))),
    });
  const accepted = async (): Promise<void> => {
    const answer = await eventually('a lead is accepted', async () => {
      const tried = await sendLead(gateway.url, (people += 1));
      return tried.status === 200 ? tried : undefined;
    });
    acknowledged.push(answer.leadId);
  };
  const refused = async (): Promise<void> => {
    const answer = await eventually('a lead is refused', async () => {
      const tried = await post();
      if (tried.ok) acknowledged.push(((await tried.json()) as { lead_id: string }).lead_id);
      return tried.ok ? undefined : tried;
    });
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  };

  /** Forty come at once and none of them is taken. @returns who they are */
  async function allRefused(): Promise<number[]> {
    const before = people;
    const answers = await Promise.all(Array.from({ length: 40 }, post));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(answers.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
    return answers.map((_answer, n) => before + 1 + n);
  }
  const stored = (numbers: readonly number[]): Promise<{ email: string }[]> =>
    world.rows(`select payload ->> 'email' as email from leads where payload ->> 'email' = any($1)`, [
      numbers.map((number) => demoLead(number)['email']),
    ]);

  /** What the senders of `during` were promised is added to the ledger. */
  async function underLoad(during: (sender: LeadSender) => Promise<void>): Promise<void> {
    const sender = new LeadSender({ urls: () => [gateway.url], perSecond: 200, firstNumber: (people += 100_000) + 50_000 });
    sender.start();
    await sender.after(40);
    await during(sender);
    await sender.after(40);
    await sender.stop();
    expect(sender.broken).toEqual([]);
    acknowledged.push(...sender.acknowledged.values());
  }

  it('F19: away before the start: 503 with Retry-After, and it opens by itself', async () => {
    await postgres.stop('immediate');
    await gateway.start({ unready: true });
    await refused();
    expect((await fetch(`${gateway.url}/health`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    await postgres.start();
    await gateway.ready();
    await accepted();
    await world.settled();
  });

  it.each(['fast', 'immediate'] as const)('F18: restarted under load (%s): 503 meanwhile, then it goes on', async (mode) => {
    await underLoad(async () => {
      await postgres.stop(mode);
      await refused();
      await postgres.start();
      await gateway.ready();
    });
    await world.timePasses();
    await world.settled();
  });

  it('every session terminated at once, under load: it goes on', async () => {
    await underLoad(async (sender) => {
      for (let n = 0; n < 3; n += 1) {
        // Those that were ended before may not be back yet: the requests that ended meanwhile were under way then.
        await eventually('sessions are ended', async () => ((await postgres.terminate('leadgate%')) > 0 ? true : undefined));
        await sender.after(10);
      }
    });
    await world.timePasses();
    await world.settled();
  });

  it('F25 F27: a table locked and every connection for accepting stuck on it: 503 for all that come, and none of them is stored', async () => {
    const locker = await world.owner.connect();
    await locker.query('begin; lock table inbound_requests in access exclusive mode');
    let refusedPeople: number[];
    try {
      refusedPeople = await allRefused();
      // A probe that a slow machine has no second for counts as down.
      await eventually('it is well all the same', async () => ((await fetch(`${gateway.url}/health`)).status === 200 ? true : undefined));
    } finally {
      await locker.query('rollback');
      locker.release();
    }
    await accepted();
    await world.settled();
    expect(await stored(refusedPeople)).toEqual([]);
  });

  it('frozen, and awake again: what was answered 503 meanwhile is not stored afterwards', async () => {
    await accepted();
    await world.settled();
    postgres.freeze();
    const refusedPeople = await allRefused().finally(() => postgres.thaw());
    await accepted();
    await world.settled();
    expect(await stored(refusedPeople)).toEqual([]);
  });

  it('and in the end nothing is lost, doubled or changed, by one process', async () => {
    expect(gateway.alive).toBe(true);
    expect(await judge(world, { acknowledged, redisUrl })).toEqual([]);
  });
});

describe('the queue in Postgres', () => {
  let world: FaultWorld;
  let gateway: GatewaySlot;
  let superuser: pg.Client;

  beforeAll(async () => {
    world = await FaultWorld.open();
    gateway = world.slot();
    await gateway.start({ failpoints: 'process_before_load:stop@1' });
    superuser = new pg.Client({ connectionString: superuserOf(world.database.url) });
    await superuser.connect();
  });
  afterAll(async () => {
    await superuser?.end();
    await world?.close();
  });

  const SESSIONS = `select pid, query, wait_event_type from pg_stat_activity where datname = current_database() and application_name like 'leadgate-queue%'`;

  it('F20: the connection that completes a job is killed: the lead was delivered once, and the next one is too', async () => {
    // The process stands still with its job in hand, so that the row can be locked; then the completion runs into the lock.
    const leadId = await acceptLead(gateway.url, 1);
    await gateway.frozen();
    await superuser.query('begin');
    expect((await superuser.query(`select from bullmq.job where queue = 'process' for update`)).rowCount).toBe(1);
    gateway.thaw();
    await world.until('the outcome is in the table', `select from deliveries where lead_id = $1 and status = 'DELIVERED'`, [leadId]);
    await eventually('the completion waits for the lock', async () => {
      const { rowCount } = await superuser.query(
        `select pg_terminate_backend(pid) from (${SESSIONS}) session where wait_event_type = 'Lock'`,
      );
      return rowCount ? true : undefined;
    });
    await superuser.query('rollback');
    await acceptLead(gateway.url, 2);
    await world.settled();
    await world.timePasses();
    await acceptLead(gateway.url, 3);
    await world.settled();
    expect(await world.crm.requests()).toHaveLength(3);
  });

  it('F42: the queue’s connections are killed, the one that listens among them: the next lead does not wait for a lost ring', async () => {
    const killed = await superuser.query(`select pg_terminate_backend(pid) from (${SESSIONS}) session`);
    expect(killed.rowCount).toBeGreaterThan(0);
    const leadId = await acceptLead(gateway.url, 4);
    await world.settled();
    const [lead] = await world.rows<{ seconds: number }>(
      `select extract(epoch from finished_at - received_at)::float8 as seconds from leads join deliveries on lead_id = leads.id where leads.id = $1`,
      [leadId],
    );
    // A ring counts as lost after 60 s.
    expect(lead?.seconds).toBeLessThan(50);
  });
});

/** The test run's own superuser in the database of a suite. */
function superuserOf(url: string): string {
  return Object.assign(new URL(process.env['LEADGATE_TEST_DATABASE_URL'] ?? ''), { pathname: new URL(url).pathname }).href;
}
