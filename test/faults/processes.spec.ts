import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { QUEUE_BACKENDS } from '../support/gateway-process.js';
import { acceptLead, FaultWorld, sendLead } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { LeadSender } from './support/lead-sender.js';
import { judge } from './support/oracle.js';

const SKEWED = `--require ${join(PROJECT_ROOT, 'test/faults/support/skewed-clock.cjs')}`;
const HOUR = 3600;

describe.each(QUEUE_BACKENDS)('two gateways on one database, with the queue in $name', ({ redisUrl, empty }) => {
  let world: FaultWorld;
  let one: GatewaySlot;
  let two: GatewaySlot;
  /** Takes the leads over which another one is stopped or killed: nothing happens to who answers their senders. */
  let door: GatewaySlot;
  const acknowledged: string[] = [];
  let people = 0;

  beforeAll(async () => {
    await empty();
    world = await FaultWorld.open({ redisUrl });
    // The second one's clock may be set wrong while it runs.
    [one, two] = [
      world.slot(),
      world.slot({ NODE_OPTIONS: SKEWED, LEADGATE_TEST_SKEW_SECONDS: `${HOUR}`, LEADGATE_TEST_SKEW_ON: 'SIGUSR2' }),
    ];
    door = world.slot({ LEADGATE_ROLES: 'api' });
    await Promise.all([one.start(), two.start(), door.start()]);
  });
  afterAll(() => world?.close());

  async function send(to: GatewaySlot): Promise<string> {
    const leadId = await acceptLead(to.url, (people += 1));
    acknowledged.push(leadId);
    return leadId;
  }

  async function underLoad(during: () => Promise<void>): Promise<void> {
    const urls = (): string[] => [one, two].filter(({ alive }) => alive).map(({ url }) => url);
    const sender = new LeadSender({ urls, perSecond: 150, firstNumber: (people += 100_000) + 50_000 });
    sender.start();
    await sender.after(100);
    await during();
    await sender.after(50);
    await sender.stop();
    expect(sender.broken).toEqual([]);
    acknowledged.push(...sender.acknowledged.values());
  }

  const attemptsOf = async (leadId: string): Promise<string[]> =>
    (
      await world.rows<{ sent_state: string }>('select sent_state from delivery_attempts where lead_id = $1 order by attempt_no', [leadId])
    ).map(({ sent_state }) => sent_state);

  it('F16: told to stop under load, one drains and the other finishes: nothing is in doubt, so nothing is sent twice', async () => {
    await underLoad(async () => {
      await one.kill('SIGTERM');
      expect(await one.ended()).toEqual({ code: 0, signal: null });
    });
    await world.settled();
    expect(await world.crm.requests()).toHaveLength(acknowledged.length);
  });

  it('F82: a clock that is set wrong and right again: no retry comes early or late', async () => {
    await world.crm.mode({ mode: '500', times: 3 });
    const first = await send(two);
    two.running.process.kill('SIGUSR2');
    const second = await send(two);
    await world.until('one was tried again', `select from deliveries where attempt_no > 1`);
    two.running.process.kill('SIGUSR2');
    await world.timePasses();
    await world.settled();
    const { rowCount } = await world.owner.query(`select from leads where id = any($1::uuid[]) and status = 'DELIVERED'`, [
      [first, second],
    ]);
    expect(rowCount).toBe(2);
  });

  it('F16: killed while it drains, a call is unknown and is sent again under its key', async () => {
    await two.kill('SIGTERM');
    await one.start();
    await world.crm.mode({ mode: 'timeout', times: 1 });
    const leadId = await send(door);
    await eventually('the CRM has it', async () => ((await world.crm.leads()).length === acknowledged.length ? true : undefined));
    one.running.process.kill('SIGTERM');
    await one.kill('SIGKILL');
    expect((await one.ended()).signal).toBe('SIGKILL');
    await world.timePasses();
    await one.start();
    await world.settled();
    expect(await attemptsOf(leadId)).toEqual(['unknown', 'answered']);
  });

  it('F15: stopped for longer than its lease, then woken: what it writes late changes nothing', async () => {
    await one.kill('SIGTERM');
    await one.start({ failpoints: 'deliver_after_answer:stop@1' });
    const leadId = await send(door);
    await one.frozen();
    await world.timePasses();
    await two.start();
    await world.settled();
    expect(await attemptsOf(leadId)).toEqual(['unknown', 'answered']);
    one.thaw();
    await eventually('its answer is dropped', async () => (one.output().includes('closed by somebody else') ? true : undefined));
    expect(await attemptsOf(leadId)).toEqual(['unknown', 'answered']);
  });

  it('F45: a process that does nothing for a while: the other one goes on, and both use the same key', async () => {
    await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')]);
    await one.start({ failpoints: 'deliver_after_claim:block:5000@1' });
    const leadId = await send(door);
    await eventually('it hangs', async () => (one.output().includes('"verb":"block"') ? true : undefined));
    await world.timePasses();
    await two.start();
    await world.settled();
    await eventually('it is back', async () => ((await fetch(`${one.url}/health/live`)).ok ? true : undefined));
    expect((await attemptsOf(leadId)).at(-1)).toBe('answered');
  });

  it('and in the end nothing is lost, doubled or changed', async () => {
    await world.settled();
    expect(await judge(world, { acknowledged, redisUrl })).toEqual([]);
  });
});

describe('a process with a small heap', () => {
  let world: FaultWorld;

  beforeEach(async () => {
    world = await FaultWorld.open();
  });
  afterEach(() => world?.close());

  it('F84: a heap that is too small for the flood: 503 before it is full, and the process lives', async () => {
    const small = world.slot({ NODE_OPTIONS: '--max-old-space-size=160', LEADGATE_RATE_LIMIT_PER_MINUTE: '0' });
    await small.start();
    const filler = 'x'.repeat(900_000);
    const statuses = new Map<number, number>();
    const flood = Array.from({ length: 60 }, async (_none, n) => {
      for (let round = 0; round < 4; round += 1) {
        const answer = await small.running.postOnce('/webhooks/leads', { note: filler, n, round }).catch(() => undefined);
        statuses.set(answer?.status ?? 0, (statuses.get(answer?.status ?? 0) ?? 0) + 1);
      }
    });
    await Promise.all(flood);
    expect(small.alive).toBe(true);
    // 408: on a machine that is slow, 54 MB that come at once may take longer than a body may.
    expect([...statuses.keys()].filter((status) => ![0, 200, 408, 503].includes(status))).toEqual([]);
    const { leadId } = await eventually('it takes leads again', async () => {
      const answer = await sendLead(small.url, 1);
      return answer.status === 200 ? answer : undefined;
    });
    await world.until('it is delivered', `select from leads where id = $1 and status = 'DELIVERED'`, [leadId]);
  });
});
