import { spawnProgram } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { findCanaries } from '../support/find-canaries.js';
import { ADMIN_KEY, QUEUE_BACKENDS } from '../support/gateway-process.js';
import { CANARY } from './support/demo-lead.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import { judge } from './support/oracle.js';

const LEADS = 120;

interface Replay {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly replayed: number;
  readonly skipped: number;
}

describe.each(QUEUE_BACKENDS)('work on many leads that is killed half-way, with the queue in $name', ({ redisUrl, empty }) => {
  let world: FaultWorld;

  beforeAll(async () => {
    await empty();
    world = await FaultWorld.open({ redisUrl });
  });
  afterAll(() => world?.close());

  it('F13: a bulk replay killed half-way goes on where it was: each lead is replayed once', async () => {
    const gateway = world.slot();
    await gateway.start({ failpoints: 'replay_before_commit:kill@2' });
    await world.crm.mode({ mode: '400', times: LEADS });
    const sent = await Promise.all(Array.from({ length: LEADS }, (_none, n) => acceptLead(gateway.url, n + 1)));
    await world.settled();
    const authorization = { authorization: `Bearer ${ADMIN_KEY}` };
    const wish = {
      kind: 'redeliver',
      tenant: 'demo',
      reason: 'the CRM is mended',
      filter: { status: ['PERMANENTLY_FAILED'] },
      rate_per_second: 500,
    };
    // On a machine that is slow it may die before anybody has read its answer.
    await gateway.running.post('/v1/replays', wish, authorization).catch(() => undefined);
    expect(await gateway.ended()).toEqual({ code: null, signal: 'SIGKILL' });
    const [started] = await world.rows<{ id: string }>('select id from replays');
    const done = await world.rows(`select from replay_items where outcome is not null`);
    expect(done.length).toBeGreaterThan(0);
    expect(done.length).toBeLessThan(LEADS);
    // As many as the trail says: what the killed round did to its leads went with the round.
    expect(await world.rows(`select from deliveries where status <> 'PERMANENTLY_FAILED'`)).toHaveLength(done.length);

    await world.timePasses();
    await gateway.start();
    const replay = await eventually('the replay is finished', async () => {
      const now = await gateway.running.read<Replay>(`/v1/replays/${started?.id}`);
      return now.status === 'FINISHED' ? now : undefined;
    });
    expect(replay).toMatchObject({ total: LEADS, replayed: LEADS, skipped: 0 });
    await world.settled();
    expect(await world.rows(`select from leads where status = 'DELIVERED'`)).toHaveLength(LEADS);
    expect(await judge(world, { acknowledged: sent, redisUrl, replayed: true })).toEqual([]);
  });
});

describe('removing that is killed half-way', () => {
  let world: FaultWorld;
  let leadId = '';

  beforeAll(async () => {
    world = await FaultWorld.open();
    const gateway = world.slot();
    await gateway.start();
    leadId = await acceptLead(gateway.url, 1);
    await world.settled();
    // It sweeps, too, when it is slow to begin or an hour is over.
    await gateway.kill('SIGTERM');
  });
  afterAll(() => world?.close());

  const leadgate = (words: readonly string[], failpoints?: string) =>
    spawnProgram(
      'dist/apps/cli/src/main.js',
      {
        DATABASE_URL: world.database.url,
        LEADGATE_DATA_DIR: world.folder.path,
        ...(failpoints === undefined ? {} : { LEADGATE_FAILPOINTS: failpoints, LEADGATE_ALLOW_FAILPOINTS: 'yes' }),
      },
      words,
    ).ended();

  async function sightings(): Promise<number> {
    const client = await world.owner.connect();
    try {
      return (await findCanaries(client, [CANARY])).length;
    } finally {
      client.release();
    }
  }

  it('F14: an erasure leaves the lead whole, and asked again it is erased everywhere', async () => {
    const before = await sightings();
    expect(before).toBeGreaterThan(0);
    const erase = ['erase', leadId, '--tenant', 'demo', '--reason', 'test_data'];
    expect(await leadgate(erase, 'erase_before_commit:kill')).toEqual({ code: null, signal: 'SIGKILL' });
    await world.deadAreGone();
    expect(await sightings()).toBe(before);
    expect(await world.rows(`select from leads where id = $1 and status = 'DELIVERED'`, [leadId])).toHaveLength(1);
    expect(await leadgate(erase)).toEqual({ code: 0, signal: null });
    expect(await sightings()).toBe(0);
    expect(await world.rows(`select from audit_events where lead_id = $1 and type = 'lead.erased'`, [leadId])).toHaveLength(1);
  });

  it('F14: a sweep removes nothing, and the next one everything, with its trail', async () => {
    await world.owner.query(`update idempotency_records set expires_at = clock_timestamp() - interval '1 day'`);
    expect(await leadgate(['sweep'], 'sweep_before_commit:kill')).toEqual({ code: null, signal: 'SIGKILL' });
    await world.deadAreGone();
    expect(await world.rows('select from idempotency_records')).toHaveLength(1);
    expect(await leadgate(['sweep'])).toEqual({ code: 0, signal: null });
    expect(await world.rows('select from idempotency_records')).toHaveLength(0);
    expect(await world.rows(`select from audit_events where type = 'sweep.finished'`)).toHaveLength(1);
  });
});
