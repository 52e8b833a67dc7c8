import { connect } from 'node:net';
import { eventually } from '../support/eventually.js';
import { QUEUE_BACKENDS } from '../support/gateway-process.js';
import { acceptLead, FaultWorld, sendLead } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { judge } from './support/oracle.js';

const KEY = 'the-lead-that-met-every-crash';

/** Every row that accepting a lead writes. */
const ROWS_OF_ACCEPTING = `
  select (select count(*) from inbound_requests) + (select count(*) from leads) + (select count(*) from idempotency_records)
       + (select count(*) from audit_events where lead_id is not null) + (select count(*) from deliveries) as rows`;

/**
 * One lead on its way, and at each place of the way the process is killed; then the next life begins. What stands in Postgres is asked for
 * while no process of ours lives, so nothing here depends on who is faster. Time that leases and rings need is made to pass.
 */
describe.each(QUEUE_BACKENDS)('a process killed at every place of a lead’s way, on $name', ({ redisUrl, empty }) => {
  let world: FaultWorld;
  let gateway: GatewaySlot;
  let leadId = '';
  const acknowledged: string[] = [];

  beforeAll(async () => {
    await empty();
    world = await FaultWorld.open({ redisUrl });
    gateway = world.slot();
  });
  afterAll(() => world?.close());

  /** A life that ends at this place. `during` is what it is given to do. */
  async function dieAt(failpoint: string, during: () => Promise<void> = async () => {}): Promise<void> {
    await world.timePasses();
    await gateway.start({ failpoints: `${failpoint}:kill`, unready: true });
    // It may die over what is due before it says that it is ready.
    await during();
    expect(await gateway.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(gateway.output()).toContain(`"failpoint":"${failpoint}"`);
  }

  /** Until the gateway dies over it. 503 says that nothing was taken, so it is sent again. */
  const send = async (): Promise<void> => {
    await gateway.ready();
    const died = await eventually('the gateway dies over the lead', async () => {
      const answer = await sendLead(gateway.url, 1, KEY).catch((error: Error) => error);
      return answer instanceof Error || answer.status !== 503 ? answer : undefined;
    });
    expect(died).toMatchObject({ message: 'fetch failed' });
  };
  /** As `dieAt`, over a lead of its own; on a machine that is slow its sender may not have read the answer. */
  async function dieOverLeadAt(failpoint: string, number: number): Promise<string> {
    await dieAt(failpoint, async () => {
      await gateway.ready();
      await acceptLead(gateway.url, number).catch(() => undefined);
    });
    const [newest] = await world.rows<{ id: string }>('select id from leads order by received_at desc limit 1');
    return newest?.id ?? '';
  }
  const lead = async () =>
    (
      await world.rows<{ status: string; crash_count: number; rung: boolean }>(
        'select status, crash_count, rung_at is not null as rung from leads where id = $1',
        [leadId],
      )
    )[0];
  const delivery = async () =>
    (await world.rows<{ status: string; attempt_no: number }>('select status, attempt_no from deliveries where lead_id = $1', [leadId]))[0];
  const rowsOfAccepting = async () => Number((await world.rows<{ rows: string }>(ROWS_OF_ACCEPTING))[0]?.rows);

  it('F01 F02: read half or whole, but not stored: no row and no answer', async () => {
    await dieAt('accept_before_transaction', async () => {
      await gateway.ready();
      const half = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      half.on('error', () => {});
      const closed = new Promise<string>((resolve) => {
        let answered = '';
        half.on('data', (data) => (answered += data.toString()));
        half.on('close', () => resolve(answered));
      });
      await new Promise<void>((resolve) =>
        half.write('POST /webhooks/leads HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"email', () =>
          resolve(),
        ),
      );
      await send();
      // 408 says that nothing was taken, too: the whole one may have been refused again and again before the gateway died over it.
      expect(await closed).toMatch(/^(HTTP\/1\.1 408 |$)/);
    });
    expect(await rowsOfAccepting()).toBe(0);
  });

  it('F03: written, but not committed: no row in any table', async () => {
    await dieAt('accept_before_commit', send);
    expect(await rowsOfAccepting()).toBe(0);
  });

  it('F04: committed, but not answered: the lead is there, and the same key is answered with it', async () => {
    await dieAt('accept_after_commit', send);
    const rows = await world.rows<{ id: string; status: string }>('select id, status from leads');
    expect(rows).toEqual([{ id: expect.any(String) as string, status: 'RECEIVED' }]);
    leadId = rows[0]?.id ?? '';
  });

  it('F05: answered, but not rung: the lead is due', async () => {
    await world.timePasses();
    await gateway.start({ failpoints: 'ring_before_add:sleep:600000' });
    const answer = await eventually('the door takes it', async () => {
      const tried = await sendLead(gateway.url, 1, KEY);
      return tried.status === 503 ? undefined : tried;
    });
    expect(answer).toEqual({ status: 200, leadId, replayed: true });
    await gateway.kill();
    expect(await lead()).toMatchObject({ status: 'RECEIVED', crash_count: 0 });
  });

  it('F06: rung, and nobody noted that the queue has the job: it is rung again', async () => {
    await dieAt('ring_after_add');
    expect(await lead()).toMatchObject({ status: 'RECEIVED', rung: true });
  });

  it('F07: a job taken and nothing done: no crash is counted', async () => {
    await dieAt('process_before_load');
    expect(await lead()).toMatchObject({ status: 'RECEIVED', crash_count: 0 });
  });

  it('loaded and not decided: the crash is counted, nothing else is written', async () => {
    await dieAt('process_after_load');
    expect(await lead()).toMatchObject({ status: 'RECEIVED', crash_count: 1 });
  });

  it('decided and not committed: no journey, no claim, no delivery', async () => {
    await dieAt('decide_before_commit');
    expect(await lead()).toMatchObject({ status: 'RECEIVED', crash_count: 2 });
    expect(
      await world.rows(
        'select lead_id from journeys union all select lead_id from identity_claims union all select lead_id from deliveries',
      ),
    ).toEqual([]);
  });

  it('decided and not rung: the delivery is due', async () => {
    await dieAt('decide_after_commit');
    expect(await lead()).toMatchObject({ status: 'READY', crash_count: 0 });
    expect(await delivery()).toEqual({ status: 'PENDING', attempt_no: 0 });
  });

  it('F07: a job taken and no delivery claimed: no attempt is counted', async () => {
    await dieAt('deliver_before_claim');
    expect(await delivery()).toEqual({ status: 'PENDING', attempt_no: 0 });
  });

  it('F08: claimed and not sent: the attempt stands open under its lease', async () => {
    await dieAt('deliver_after_claim');
    expect(await delivery()).toEqual({ status: 'SENDING', attempt_no: 1 });
    expect(await world.crm.requests()).toHaveLength(0);
  });

  it('F09: sent and no answer read: the attempt is unknown, the CRM may have the lead', async () => {
    await world.crm.mode({ mode: 'timeout', times: 1 });
    await world.timePasses();
    await gateway.start({ unready: true });
    await world.until('the second attempt is open', `select from deliveries where lead_id = $1 and attempt_no = 2`, [leadId]);
    await eventually('the CRM has it', async () => ((await world.crm.requests()).length === 1 ? true : undefined));
    await gateway.kill();
    expect(await delivery()).toEqual({ status: 'SENDING', attempt_no: 2 });
  });

  it('F10: answered and not written: sent again with the same key and bytes, one effect', async () => {
    await dieAt('deliver_after_answer');
    expect(await delivery()).toEqual({ status: 'SENDING', attempt_no: 3 });
    expect(await world.crm.requests()).toHaveLength(2);
    expect(await world.crm.leads()).toHaveLength(1);
  });

  it('F11: written and the job not acknowledged: the repeated job sends nothing', async () => {
    await dieAt('deliver_after_close');
    expect(await delivery()).toEqual({ status: 'DELIVERED', attempt_no: 4 });
    expect(await world.crm.requests()).toHaveLength(3);
  });

  it('F12: failed for good and not committed: it fails for good once', async () => {
    await world.crm.mode({ mode: '400', times: 2 });
    leadId = await dieOverLeadAt('close_before_commit', 2);
    expect(await delivery()).toEqual({ status: 'SENDING', attempt_no: 1 });
    await world.timePasses();
    await gateway.start();
    await world.settled();
    expect(await delivery()).toEqual({ status: 'PERMANENTLY_FAILED', attempt_no: 2 });
    expect(await world.rows(`select reason from audit_events where type = 'delivery.failed'`)).toHaveLength(1);
  });

  it('F10: answered and not committed, of a lead that is closed by one statement: sent again, one effect', async () => {
    await gateway.kill();
    const failed = leadId;
    leadId = await dieOverLeadAt('close_delivered_before_commit', 3);
    expect(leadId).not.toBe(failed);
    expect(await delivery()).toEqual({ status: 'SENDING', attempt_no: 1 });
    expect(await world.crm.leads()).toHaveLength(2);
    await world.timePasses();
    await gateway.start();
    await world.settled();
    expect(await delivery()).toEqual({ status: 'DELIVERED', attempt_no: 2 });
    expect(await world.crm.leads()).toHaveLength(2);
    acknowledged.push(failed, leadId);
  });

  it('and in the end nothing is lost, doubled or changed', async () => {
    const [first] = await world.rows<{ id: string }>(`select id from leads where status = 'DELIVERED' order by received_at`);
    expect(await judge(world, { acknowledged: [first?.id ?? '', ...acknowledged], redisUrl })).toEqual([]);
    const attempts = await world.rows<{ sent_state: string }>(
      'select sent_state from delivery_attempts where lead_id = $1 order by attempt_no',
      [first?.id],
    );
    expect(attempts.map(({ sent_state }) => sent_state)).toEqual(['unknown', 'unknown', 'unknown', 'answered']);
  });
});
