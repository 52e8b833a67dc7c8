import { jsonMember } from '../support/child-process.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { eventually } from '../support/eventually.js';
import { leadgate } from '../support/leadgate-cli.js';
import { ReplayWorld, type ReplayStory } from './support/replay-world.js';

/** What Postgres says to whoever waited too long for a lock. */
const LOCK_NOT_AVAILABLE = '55P03';

describe('many leads are taken up again', () => {
  let world: ReplayWorld;
  let gateway: GatewayProcess;

  beforeEach(async () => {
    world = await ReplayWorld.create();
    gateway = await world.gateway();
  });
  afterEach(() => world.end());

  /** Leads that the CRM refused, each of another person. */
  async function deadLeads(count: number): Promise<string[]> {
    await world.crm.mode({ mode: '422', times: count });
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      ids.push(await world.post(gateway, { email: `person${n}@example.com`, phone: `0160 89${String(10_000 + n)}` }));
    }
    await eventually('all failed for good', async () => {
      const { rows } = await world.sql.query<{ n: number }>(`select count(*)::int as n from leads where status = 'PERMANENTLY_FAILED'`);
      return rows[0]?.n === count ? true : undefined;
    });
    await world.crm.mode({ mode: 'ok' });
    return ids;
  }

  async function start(body: object): Promise<ReplayStory> {
    const answer = await world.ask(gateway, '/v1/replays', { tenant: 'demo', kind: 'redeliver', reason: 'the CRM is mended', ...body });
    expect(answer.status).toBe(202);
    expect(answer.location).toBe(`/v1/replays/${String(answer.body['id'])}`);
    return answer.body as unknown as ReplayStory;
  }

  const allDelivered = (ids: readonly string[]): Promise<true> =>
    eventually('all are delivered', async () => {
      const { rows } = await world.sql.query<{ n: number }>(
        `select count(*)::int as n from leads where status = 'DELIVERED' and id = any($1::uuid[])`,
        [ids],
      );
      return rows[0]?.n === ids.length ? true : undefined;
    });

  /** How often each lead was reopened by a replay, from the trail. */
  async function reopened(ids: readonly string[]): Promise<number[]> {
    const { rows } = await world.sql.query<{ n: number }>(
      `select count(*)::int as n from audit_events where type = 'delivery.reopened' and lead_id = any($1::uuid[]) group by lead_id`,
      [ids],
    );
    return rows.map(({ n }) => n);
  }

  it('a dry run counts by class and does nothing; a real one takes up what was there, and tells how far it is', async () => {
    const ids = await deadLeads(6);
    const dry = await world.ask(gateway, '/v1/replays', { tenant: 'demo', kind: 'redeliver', reason: 'only looking', dry_run: true });
    expect(dry).toMatchObject({
      status: 200,
      body: { dry_run: true, total: 6, groups: [{ status: 'PERMANENTLY_FAILED', because: 'refused', count: 6 }] },
    });
    expect(await gateway.read<object>('/v1/leads?status=PERMANENTLY_FAILED&failure_class=refused')).toHaveProperty('leads.length', 6);
    expect(await gateway.read<object>('/v1/leads?failure_class=exhausted,gone')).toHaveProperty('leads.length', 0);

    const none = await start({ filter: { failure_class: ['exhausted'] } });
    expect(await world.untilReplay(gateway, none.id, ({ status }) => status === 'FINISHED')).toMatchObject({ total: 0, replayed: 0 });

    const replay = await start({ filter: { failure_class: ['refused'], destination: 'demo/customer-api' }, rate_per_second: 100 });
    expect(replay).toMatchObject({ rate_per_second: 100 });
    const ended = await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    expect(ended).toMatchObject({ total: 6, replayed: 6, skipped: 0, remaining: 0 });
    await allDelivered(ids);
    expect(await world.crm.leads()).toHaveLength(6);
    const again = await world.ask(gateway, `/v1/replays/${replay.id}/cancel`);
    expect(again).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:replay_finished' } });
    const { rows } = await world.sql.query<{ type: string }>(`select type from operator_events where subject = $1`, [replay.id]);
    expect(rows).toEqual([{ type: 'replay.finished' }]);
  });

  it('the answer says how many they are where that is found out quickly', async () => {
    await deadLeads(6);
    // Whoever runs replays would find it out beside the one that is asked.
    await gateway.kill('SIGKILL');
    gateway = await world.gateway({ LEADGATE_ROLES: 'api' });
    const replay = await eventually('an answer says how many', async () => {
      const begun = await start({ rate_per_second: 100 });
      return begun.status === 'RUNNING' ? begun : undefined;
    });
    expect(replay).toMatchObject({ total: 6, replayed: 0, remaining: 6 });
  });

  it('keeps to its rate, stops when it is cancelled, and goes on when it is resumed', async () => {
    // Ten seconds: whoever looks at it is not later than that.
    const ids = await deadLeads(20);
    const replay = await start({ rate_per_second: 2 });
    const begun = await world.untilReplay(gateway, replay.id, ({ replayed }) => replayed >= 1);
    expect(begun.replayed).toBeLessThan(20);
    const cancelled = await world.ask(gateway, `/v1/replays/${replay.id}/cancel`);
    expect(cancelled).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    const at = Number(cancelled.body['replayed']);
    expect(await reopened(ids)).toHaveLength(at);
    const resumed = await world.ask(gateway, `/v1/replays/${replay.id}/resume`);
    // Nothing was taken up in between.
    expect(resumed).toMatchObject({ status: 200, body: { status: 'RUNNING', replayed: at } });
    await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    await allDelivered(ids);
    expect(await reopened(ids)).toEqual(ids.map(() => 1));
    const { rows } = await world.sql.query<{ took: number }>(
      `select extract(epoch from max(done_at) - min(done_at))::float8 as took from replay_items where replay_id = $1`,
      [replay.id],
    );
    // Twenty at two a second: whoever is faster than this takes more than its share.
    expect(rows[0]?.took).toBeGreaterThan(8);
  });

  it('killed half-way, another process goes on: each lead is taken up once', async () => {
    const ids = await deadLeads(40);
    const replay = await start({ rate_per_second: 20 });
    await world.untilReplay(gateway, replay.id, ({ replayed }) => replayed >= 10);
    await gateway.kill('SIGKILL');
    gateway = await world.gateway();
    const ended = await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    expect(ended).toMatchObject({ total: 40, replayed: 40, skipped: 0 });
    await allDelivered(ids);
    expect(await reopened(ids)).toEqual(ids.map(() => 1));
    // A call that was under way at the kill may be made again, under its key: the CRM sees one effect for each.
    expect(await world.crm.leads()).toHaveLength(40);
  });

  it('two processes share the work: each lead is taken up once', async () => {
    const ids = await deadLeads(30);
    await world.gateway();
    const replay = await start({ rate_per_second: 200 });
    const ended = await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    expect(ended).toMatchObject({ total: 30, replayed: 30 });
    await allDelivered(ids);
    expect(await reopened(ids)).toEqual(ids.map(() => 1));
    expect(await world.crm.leads()).toHaveLength(30);
  });

  it('what cannot be taken up is passed over, by cause', async () => {
    await deadLeads(2);
    const unmapped = await world.post(gateway, { email: 'nobody@example.com', phone: undefined });
    await world.until(gateway, unmapped, 'PERMANENTLY_FAILED');
    const first = await start({ rate_per_second: 100 });
    const ended = await world.untilReplay(gateway, first.id, ({ status }) => status === 'FINISHED');
    expect(ended).toMatchObject({ total: 3, replayed: 2, skipped: 1, skipped_because: { never_mapped: 1 } });
  });

  it('by failure class: also what failed for good while its lead waits for another destination', async () => {
    const other = `destinations:
  - { name: other, kind: http, url: 'https://crm.invalid/leads', authentication: { kind: none }, mapping: customer, answers: standard, effect: keyed, retry_multiples: [1000] }
`;
    await world.changeConfig(gateway, (text) => text.replace('\ndestinations:\n', `\n${other}`));
    await world.crm.mode({ mode: '422', times: 1 });
    const id = await world.post(gateway);
    await world.untilDeliveries(gateway, id, ['PERMANENTLY_FAILED', 'RETRYING']);
    const filter = { failure_class: ['refused'], destination: 'demo/customer-api' };
    const { id: replay } = await start({ filter });
    expect(await world.untilReplay(gateway, replay, ({ status }) => status === 'FINISHED')).toMatchObject({ total: 1, replayed: 1 });
    await world.untilDeliveries(gateway, id, ['DELIVERED', 'RETRYING']);
  });

  /**
   * Asks once, while nothing can be found out for a lock. 503 is for what was not begun, and a machine that is too slow says it of that, too.
   * @returns undefined: it was not begun, or the answer to its commit was lost, so that the gateway could not know
   */
  async function startOnce(reason: string): Promise<ReplayStory | undefined> {
    const wish = { tenant: 'demo', kind: 'redeliver', reason, rate_per_second: 100 };
    const { status, body, requestId } = await world.askOnce(gateway, '/v1/replays', wish);
    const { rows } = await world.sql.query('select from replays where reason = $1', [reason]);
    if (status === 503) {
      if (rows.length === 0) return undefined;
      const why = await gateway.line((line) =>
        jsonMember(line, 'request_id') === requestId && line.includes('answered 503') ? { code: jsonMember(line, 'code') } : undefined,
      );
      if (why.code !== LOCK_NOT_AVAILABLE) return undefined;
    }
    expect({ status, begun: rows.length }).toEqual({ status: 202, begun: 1 });
    return body as unknown as ReplayStory;
  }

  it('begins once, also when what it is about cannot be found out just then', async () => {
    const ids = await deadLeads(2);
    const blocker = await world.sql.connect();
    let tries = 0;
    const locked = async (): Promise<ReplayStory> => {
      await blocker.query('begin');
      await blocker.query('lock table replay_items in share mode');
      return eventually('a replay begins', () => startOnce(`the CRM is mended, ${(tries += 1)}`));
    };
    const replay = await locked().finally(() => blocker.query('rollback').finally(() => blocker.release()));
    expect(replay).toMatchObject({ status: 'COLLECTING', total: 0 });
    await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    await allDelivered(ids);
    // By whichever, should the answer to the commit of another one have been lost.
    expect(await reopened(ids)).toEqual([1, 1]);
  });

  it('from the command line: counted, started and followed to its end', async () => {
    const ids = await deadLeads(3);
    const env = { DATABASE_URL: `${world.database.url}?pool_timeout=60`, LEADGATE_DATA_DIR: world.folder };
    const wish = ['replay', 'start', 'redeliver', '--tenant', 'demo', '--failure-class', 'refused', '--reason', 'the CRM is mended'];
    const dry = await leadgate([...wish, '--dry-run', '--json'], env);
    expect(JSON.parse(dry.said)).toMatchObject({ dry_run: true, total: 3 });
    expect(await leadgate([...wish.slice(0, 7), '--reason', 'x'], env)).toMatchObject({ code: 2 });
    const ofADay = await leadgate([...wish, '--from', '24h', '--dry-run', '--json'], env);
    expect(JSON.parse(ofADay.said)).toMatchObject({ total: 3 });
    const before = await leadgate([...wish, '--to', '2026-01-01', '--dry-run', '--json'], env);
    expect(JSON.parse(before.said)).toMatchObject({ total: 0 });
    const never = await leadgate([...wish, '--from', '2026-W47-1'], env);
    expect(never).toMatchObject({ code: 2, complained: expect.stringContaining('--from must be a time ago') });
    const started = await leadgate([...wish, '--rate', '50', '--json'], env);
    expect(started.code).toBe(0);
    expect(started.complained).toContain('100 %  3 of 3');
    const replay = JSON.parse(started.said) as ReplayStory;
    expect(replay).toMatchObject({ status: 'FINISHED', replayed: 3, requested_by: 'cli' });
    await allDelivered(ids);
    expect((await leadgate(['replay', 'list'], env)).said).toContain(replay.id);
    expect((await leadgate(['replay', 'show', replay.id], env)).said).toContain('FINISHED');
    expect(await leadgate(['replay', 'cancel', replay.id], env)).toMatchObject({ code: 1 });
    const again = await leadgate(['replay', 'lead', ids[0] ?? '', 'send_as_new', '--reason', 'the record was lost'], env);
    expect(again).toMatchObject({ code: 0, said: expect.stringContaining('READY') });
    await world.until(gateway, ids[0] ?? '', 'DELIVERED');
    expect(await world.crm.leads()).toHaveLength(4);
  });

  it.each([
    ['another kind of filter', { kind: 'reprocess' }, 'reprocess needs to be told which leads'],
    ['statuses it does not go with', { kind: 'redeliver', filter: { status: ['REJECTED'] } }, 'redeliver is for leads that are'],
    ['a verdict that is none', { kind: 'release', filter: { verdict: ['unauthorized'] } }, 'missing_authentication'],
    ['a release of everything', { kind: 'release' }, 'a release needs the verdicts'],
    ['a filter nobody knows', { kind: 'redeliver', filter: { email: 'x' } }, 'does not know'],
    ['a week', { kind: 'reprocess', filter: { status: ['REJECTED'], from: '2026-W47-1' } }, 'from must be a date'],
    ['a destination that is none', { kind: 'redeliver', filter: { destination: 'crm' } }, 'destination must be <tenant>/'],
  ])('%s is refused', async (_, body, detail) => {
    const answer = await world.ask(gateway, '/v1/replays', { tenant: 'demo', reason: 'no reason', ...body });
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(detail) } });
  });

  it('requests in quarantine become leads, once', async () => {
    const refused = await gateway.post('/webhooks/leads', '{"email": "broken');
    expect(refused.status).toBe(400);
    const unreadable = await gateway.post('/webhooks/leads', '<lead/>', { 'content-type': 'application/xml' });
    expect(unreadable.status).toBe(415);
    const replay = await start({
      kind: 'release',
      filter: { verdict: ['malformed_json', 'unsupported_media_type'] },
      reason: 'the form is mended',
    });
    const ended = await world.untilReplay(gateway, replay.id, ({ status }) => status === 'FINISHED');
    expect(ended).toMatchObject({ replayed: 0, skipped: ended.total, skipped_because: { still_refused: ended.total } });
    expect(ended.total).toBe(2);
  });

  it('requests that were refused for want of a secret become leads when somebody vouches for them, once', async () => {
    const guarded = await world.gateway({ WEBHOOK_SHARED_SECRET: 'a-secret-of-the-test' });
    const lead = {
      email: 'e@example.com',
      phone: '+491608912305',
      first_name: 'Eva',
      last_name: 'Doe',
      address: { zip: '66123' },
      house: { is_owner: true },
    };
    expect((await guarded.post('/webhooks/leads', lead)).status).toBe(401);
    const { rows } = await world.sql.query<{ verdict: string }>(`select verdict from inbound_requests where verdict <> 'accepted'`);
    const filter = { verdict: rows.map(({ verdict }) => verdict), source: 'demo/webhook' };
    const first = await start({ kind: 'release', filter, reason: 'the sender had lost the secret' });
    expect(await world.untilReplay(gateway, first.id, ({ status }) => status === 'FINISHED')).toMatchObject({ total: 1, replayed: 1 });
    const second = await start({ kind: 'release', filter, reason: 'once more' });
    expect(await world.untilReplay(gateway, second.id, ({ status }) => status === 'FINISHED')).toMatchObject({ total: 0 });
    await eventually('it is delivered', async () => ((await world.crm.leads()).length === 1 ? true : undefined));
  });
});
