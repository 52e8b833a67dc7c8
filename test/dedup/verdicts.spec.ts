import type { LeadId, TenantConfig, TenantId } from '#core';
import { Undecided, type Verdict, VerdictsAtOnce } from '#pipeline';
import { createGuardWorld, type GuardWorld } from './support/guard-world.js';

/** Milliseconds. For broken code, not for slow machines. */
const IN_TIME = 60_000;

/** Everybody who asks about a lead reads one verdict: that of its first journey. */
describe('the verdict', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  const PASS = { email: 'verdict@example.com', phone: '+12025550160' };

  it('is told when it is committed, and the row says the same', async () => {
    const { verdicts, told } = world.process();
    const id = await world.lead('t1', PASS);
    const verdict = await verdicts.decide(await world.loaded(id), IN_TIME);
    expect(verdict).toEqual({
      leadId: id,
      tenantId: 't1' as TenantId,
      requestId: `request-${id}`,
      decision: 'PASS',
      reasonCodes: [],
      duplicateOf: null,
      duplicateCheckSkipped: false,
      status: 'KEPT',
      versions: { policy: 1, ruleset: 2, config: 3 },
    } satisfies Verdict);
    expect(await world.process().verdicts.await(id, IN_TIME)).toEqual(verdict);
    expect(told).toMatchObject([{ tenantId: 't1', decision: 'PASS', sourceType: 'API', duplicateCheckSkipped: false }]);

    const second = await world.lead('t1', { ...PASS, source_type: 'FORM' });
    const hint = await verdicts.decide(await world.loaded(second), IN_TIME);
    expect(hint).toMatchObject({
      decision: 'DUPLICATE_HINT',
      duplicateOf: { leadId: id, matchedOn: 'email', seenAt: expect.any(Date) as Date },
    });
    expect(await world.process().verdicts.await(second, IN_TIME)).toEqual(hint);
    expect(told[1]).toMatchObject({ decision: 'DUPLICATE_HINT', sourceType: 'FORM' });
  });

  it.each<[string, TenantConfig['policy'], Partial<Verdict>]>([
    ['rejected', { mode: 'STRICT', blocked: true }, { status: 'REJECTED', decision: 'REJECT' }],
  ])('is the same from the row for a lead that is %s', async (_case, policy, expected) => {
    const { verdicts } = world.process({ change: (config) => ({ ...config, policy }) });
    const id = await world.lead('t1', { email: 'other-verdict@example.com' });
    const verdict = await verdicts.decide(await world.loaded(id), IN_TIME);
    expect(verdict).toMatchObject(expected);
    expect(await world.process().verdicts.await(id, IN_TIME)).toEqual(verdict);
  });

  it('stays that of the first journey, whatever happens later', async () => {
    const { verdicts, decide } = world.process();
    const id = await world.lead('t1', { email: 'first-journey@example.com' });
    const first = await verdicts.decide(await world.loaded(id), IN_TIME);
    await world.pool.query(`update leads set status = 'RECEIVED' where id = $1`, [id]);
    await world.pool.query(`update identity_claims set lead_id = (select id from leads order by id limit 1) where lead_id = $1`, [id]);
    await decide(id);
    expect(await world.row(id)).toMatchObject({ journey_no: 2, decision: 'DUPLICATE_HINT' });
    expect(await verdicts.await(id, IN_TIME)).toEqual(first);
  });

  it('of a lead that another process decided first is that one', async () => {
    const [one, two] = [world.process({ claimWaitMs: IN_TIME / 2 }), world.process({ claimWaitMs: IN_TIME / 2 })];
    const ids = await world.leads(
      't1',
      Array.from({ length: 20 }, (_, n) => ({ email: `race-${n}@example.com` })),
    );
    for (const id of ids) {
      const lead = await world.loaded(id);
      const [a, b] = await Promise.all([one.verdicts.decide(lead, IN_TIME), two.verdicts.decide(lead, IN_TIME)]);
      expect(a).toEqual(b);
      expect(await world.journeys(id)).toHaveLength(1);
    }
  });

  it('300 who wait in two processes read it, and ask Postgres little', async () => {
    const [one, two] = [world.process(), world.process()];
    const id = await world.lead('t1', { email: 'three-hundred@example.com' });
    const lead = await world.loaded(id);
    const waiting = Array.from({ length: 300 }, (_, n) => (n % 2 === 0 ? one : two).verdicts.await(id, IN_TIME));
    const verdict = await one.verdicts.decide(lead, IN_TIME);
    for (const read of await Promise.all(waiting)) expect(read).toEqual(verdict);
  });

  it('is null for who waits longer than told', async () => {
    const id = await world.lead('t1', { email: 'never@example.com' });
    expect(await world.process().verdicts.await(id, 50)).toBeNull();
  });

  it('fails when the lead could not be decided: it is stored, undecided, and somebody else takes it up', async () => {
    const process = world.process();
    const id = await world.lead('t1', { email: 'fault@example.com' });
    jest.spyOn(process.store, 'decide').mockRejectedValueOnce(Object.assign(new Error('terminating connection'), { code: '57P01' }));
    const lead = await world.loaded(id);
    const waiting = process.verdicts.await(id, IN_TIME);
    await expect(process.verdicts.decide(lead, IN_TIME)).rejects.toThrow('terminating connection');
    await process.decide(id);
    expect(await waiting).toMatchObject({ leadId: id, decision: 'PASS' });
  });

  it('fails when there is no time left, and is committed all the same', async () => {
    const process = world.process();
    const id = await world.lead('t1', { email: 'late-verdict@example.com' });
    await expect(process.verdicts.decide(await world.loaded(id), 0)).rejects.toThrow(Undecided);
    expect(await process.verdicts.await(id, IN_TIME)).toMatchObject({ leadId: id });
  });

  it('fails at once when too many are running: leads that nobody waits for any more cannot fill the memory', async () => {
    const { verdicts, store } = world.process();
    const people = ['full-1@example.com', 'full-2@example.com'].map((email) => ({ email }));
    const [first, second] = await Promise.all((await world.leads('t1', people)).map((id) => world.loaded(id)));
    if (first === undefined || second === undefined) throw new Error('two leads were stored');
    const limit = jest.replaceProperty(VerdictsAtOnce, 'MAX_RUNNING', 1 as never);
    const decide = store.decide.bind(store);
    let goOn = (): void => {};
    const stalled = new Promise<void>((done) => (goOn = done));
    jest.spyOn(store, 'decide').mockImplementationOnce((decided) => stalled.then(() => decide(decided)));
    await expect(verdicts.decide(first, 0)).rejects.toThrow('no verdict after 0 ms');
    await expect(verdicts.decide(second, IN_TIME)).rejects.toThrow('too many');
    expect(await world.row(second.id)).toMatchObject({ status: 'RECEIVED', journey_no: 0 });
    goOn();
    expect(await verdicts.decide(first, IN_TIME)).toMatchObject({ leadId: first.id });
    expect(await verdicts.decide(second, IN_TIME)).toMatchObject({ leadId: second.id });
    limit.restore();
  });

  it('fails for a tenant without a configuration', async () => {
    const lead = await world.loaded(await world.lead('t1', {}));
    await expect(world.process().verdicts.decide({ ...lead, tenantId: 'nobody' as never }, IN_TIME)).rejects.toThrow('no configuration');
  });

  it('a lead held for a call that fetches the rest gets that call as a row of its own', async () => {
    const process = world.process();
    await world.pool.query(
      `insert into destinations (id, tenant_id, name, kind) values ('t1/ingest.fetch', 't1', 'ingest.fetch', 'fetch')`,
    );
    const id = (await world.lead('t1', {})) as LeadId;
    const lead = await world.loaded(id);
    const resolved = {
      id: (await world.journeys(id))[0]?.['config_version_id'] ?? '01900000-0000-7000-8000-000000000001',
      config: { dedup: {} },
    };
    const result = await process.store.decide({
      lead,
      config: resolved as never,
      journey: {
        outcome: {
          kind: 'hold',
          reason: { code: 'awaiting_fetch', detail: 'sent as an id only' },
          holdSeconds: null,
          says: { decision: 'PASS', reasonCodes: [] },
          fetch: { destinationId: 't1/ingest.fetch' as never, request: '{"leadgen_id":"1"}' },
        },
        facts: {},
        stages: [],
        durationMicros: 1,
      },
    });
    expect(result).toBe('decided');
    expect(await world.row(id)).toMatchObject({ status: 'HELD', hold_reason: 'awaiting_fetch', decision: 'PASS' });
    const { rows } = await world.pool.query(
      'select purpose, destination_id, payload, content_type, status from deliveries where lead_id = $1',
      [id],
    );
    expect(rows).toEqual([
      {
        purpose: 'fetch',
        destination_id: 't1/ingest.fetch',
        payload: '{"leadgen_id":"1"}',
        content_type: 'application/json',
        status: 'PENDING',
      },
    ]);
    expect(await world.process().verdicts.await(id, IN_TIME)).toMatchObject({ status: 'HELD', decision: 'PASS', reasonCodes: [] });
  });
});
