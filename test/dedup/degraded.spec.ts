import pg from 'pg';
import type { ActiveConfig, LeadId, TenantConfig } from '#core';
import type { IndexProbe } from '#dedup';
import { ReleaseHeldLeads } from '#pipeline';
import { createGuardWorld, type GuardWorld } from './support/guard-world.js';

/** What is not known is flagged and never taken for a duplicate, and nothing waits for an index that does not answer. */
describe('the duplicate check cannot be made', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());
  /** Of a test that failed too: whoever comes next would wait for its lock. */
  const locks: pg.Client[] = [];
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(locks.splice(0).map((client) => client.end()));
  });

  let person = 0;
  const somebody = (): { email: string } => ({ email: `somebody-${(person += 1)}@example.com` });

  /** Locks the claims until the returned function is called. */
  async function lockClaims(): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: world.url });
    locks.push(client);
    await client.connect();
    await client.query('begin');
    await client.query('lock table identity_claims in access exclusive mode');
    return async () => {
      await client.query('rollback');
    };
  }

  it('a locked index: leads go on together and not one by one, flagged and without claims, and afterwards the next duplicate is found', async () => {
    const process = world.process();
    const who = somebody();
    const first = await world.lead('t1', who);
    await process.decide(first);
    const unlock = await lockClaims();
    const flagged = await world.leads('t1', [who, ...Array.from({ length: 60 }, somebody)]);
    const query = jest.spyOn(pg.Pool.prototype, 'query');
    await Promise.all(flagged.map((id) => process.decide(id)));
    // One by one each of them would ask, and wait 250 ms. Together they ask a few times.
    const asked = query.mock.calls.map(([statement]) => statement as unknown as { name?: string });
    const looks = asked.filter(({ name }) => name === 'look_up_claims').length;
    expect(looks).toBeGreaterThan(0);
    expect(looks).toBeLessThan(flagged.length / 3);
    await unlock();
    for (const id of flagged)
      expect(await world.row(id)).toMatchObject({ status: 'KEPT', duplicate_of: null, duplicate_check_skipped: true });
    expect(await world.journeys(flagged[0] as LeadId)).toMatchObject([{ duplicate_check_skipped: true, duplicate_of: null }]);
    expect(await world.claims()).toHaveLength(1);
    expect(process.told.at(-1)).toMatchObject({ tenantId: 't1', duplicateCheckSkipped: true, sourceType: 'API' });

    const next = await world.lead('t1', who);
    await process.decide(next);
    expect(await world.row(next)).toMatchObject({ decision: 'DUPLICATE_HINT', duplicate_of: first, duplicate_check_skipped: false });
  });

  it('a lead that went on unchecked still counts as the earlier one', async () => {
    const process = world.process();
    const who = somebody();
    const unlock = await lockClaims();
    const [unchecked, unchecked2] = await world.leads('t1', [who, who]);
    await process.decide(unchecked as LeadId);
    await process.decide(unchecked2 as LeadId);
    await unlock();
    const next = await world.lead('t1', who);
    await process.decide(next);
    expect(await world.row(next)).toMatchObject({ decision: 'DUPLICATE_HINT', duplicate_of: unchecked });
    expect(await world.journeys(next)).toMatchObject([
      { duplicate_of: unchecked, duplicate_matched_on: 'email', duplicate_seen_at: (await world.row(unchecked as LeadId))['received_at'] },
    ]);
    const other = await world.lead('t2', who);
    await process.decide(other);
    expect(await world.row(other)).toMatchObject({ duplicate_of: null, duplicate_check_skipped: false });
  });

  it('an index that is locked between the look and the claim: the lead goes on, flagged', async () => {
    const process = world.process();
    const id = await world.lead('t1', somebody());
    const look = process.index.look.bind(process.index);
    let unlock = async (): Promise<void> => {};
    jest.spyOn(process.index, 'look').mockImplementationOnce(async (query) => {
      const answer = await look(query);
      unlock = await lockClaims();
      return answer;
    });
    await process.decide(id);
    expect(await world.row(id)).toMatchObject({ status: 'KEPT', duplicate_check_skipped: true });
    await unlock();
    expect((await world.claims()).filter(({ lead_id }) => lead_id === id)).toEqual([]);
  });

  it('a claim whose holder takes its time to commit is asked about once more, and then it is a duplicate like any other', async () => {
    const process = world.process();
    const who = somebody();
    const [first, second] = (await world.leads('t1', [who, who])) as [LeadId, LeadId];
    const slow = new pg.Client({ connectionString: world.url });
    await slow.connect();
    await process.decide(first);
    await slow.query('begin');
    const taken = await slow.query(
      'delete from identity_claims where lead_id = $1 returning tenant_id, kind, fingerprint, key_id, lead_id, expires_at',
      [first],
    );
    const { tenant_id, kind, fingerprint, key_id, lead_id, expires_at } = taken.rows[0] as Record<string, unknown>;
    await slow.query('commit');
    await slow.query('begin');
    await slow.query(
      'insert into identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, expires_at) values ($1, $2, $3, $4, $5, $6)',
      [tenant_id, kind, fingerprint, key_id, lead_id, expires_at],
    );
    const decide = process.store.decide.bind(process.store);
    const results: string[] = [];
    jest.spyOn(process.store, 'decide').mockImplementation(async (decided) => {
      const result = await decide(decided);
      // The claim gave up waiting, and before anybody asks once more the holder commits.
      if (results.length === 0) await slow.query('commit');
      results.push(result);
      return result;
    });
    await process.decide(second);
    await slow.end();
    expect(results).toEqual(['claims_unavailable', 'decided']);
    expect(await world.row(second)).toMatchObject({ decision: 'DUPLICATE_HINT', duplicate_of: first, duplicate_check_skipped: false });
    expect((await world.claims()).filter(({ lead_id: holder }) => holder === second)).toEqual([]);
  });

  it('a claim whose holder does not commit at all leaves only the lead unchecked that asks for it, not those it is decided with', async () => {
    const process = world.process();
    const who = somebody();
    const holder = await world.lead('t1', who);
    await process.decide(holder);
    const slow = new pg.Client({ connectionString: world.url });
    await slow.connect();
    await slow.query('create temp table taken as select * from identity_claims where lead_id = $1', [holder]);
    await slow.query('delete from identity_claims where lead_id = $1', [holder]);
    await slow.query('begin');
    await slow.query('insert into identity_claims select * from taken');
    const [blocked, ...others] = await world.leads('t1', [who, ...Array.from({ length: 30 }, somebody)]);
    await process.decide(blocked as LeadId, ...others);
    await slow.query('rollback');
    await slow.end();
    expect(await world.row(blocked as LeadId)).toMatchObject({ status: 'KEPT', duplicate_check_skipped: true });
    for (const id of others) expect(await world.row(id)).toMatchObject({ status: 'KEPT', duplicate_check_skipped: false });
    expect((await world.claims()).filter(({ lead_id }) => others.includes(lead_id))).toHaveLength(30);
  });

  it('a tenant without a key: every lead is flagged, and nothing that could be guessed is stored', async () => {
    const process = world.process({ ring: null });
    const id = await world.lead('t1', somebody());
    await process.decide(id);
    expect(await world.row(id)).toMatchObject({ duplicate_check_skipped: true, email_fingerprint: null, identity_key_id: null });
  });

  describe('a tenant whose leads wait for the index (QUEUE)', () => {
    const queue = (config: TenantConfig): TenantConfig => ({
      ...config,
      policy: { ...config.policy, degraded: { mode: 'QUEUE', hold_seconds: 900 } },
    });
    const probe = (answers: boolean): IndexProbe => ({ answering: async (tenants) => (answers ? tenants : []) });
    const tenants = { tenants: () => [{ tenantId: 't1' }, { tenantId: 't2' }] } as unknown as ActiveConfig;

    async function aWaitingLead(): Promise<LeadId> {
      const id = await world.lead('t1', somebody());
      const unlock = await lockClaims();
      await world.process({ change: queue }).decide(id);
      await unlock();
      expect(await world.row(id)).toMatchObject({ status: 'HELD', hold_reason: 'index_unavailable', duplicate_check_skipped: true });
      return id;
    }

    it('waits while the index does not answer, and is checked as soon as it does', async () => {
      const id = await aWaitingLead();
      const { hold_until } = await world.row(id);
      expect(await new ReleaseHeldLeads(world.pool, probe(false), tenants).runOnce()).toBe(0);
      expect(await new ReleaseHeldLeads(world.pool, probe(true), tenants).runOnce()).toBe(1);
      expect(await world.row(id)).toMatchObject({ status: 'RECEIVED', hold_reason: null, hold_until, flags: [] });
      await world.process({ change: queue }).decide(id);
      expect(await world.row(id)).toMatchObject({ status: 'KEPT', decision: 'PASS', duplicate_check_skipped: false, journey_no: 2 });
      expect(await world.row(id)).toMatchObject({ hold_until: null });
      expect((await world.claims()).filter(({ lead_id }) => lead_id === id)).toHaveLength(1);
    });

    it('released again and again to a process without the key: its wait ends when it would have ended, not later', async () => {
      const without = world.process({ ring: null, change: queue });
      const id = await world.lead('t1', somebody());
      await without.decide(id);
      const { hold_until } = await world.row(id);
      const release = new ReleaseHeldLeads(world.pool, probe(true), tenants);
      for (const journeyNo of [2, 3]) {
        expect(await release.runOnce()).toBe(1);
        await without.decide(id);
        expect(await world.row(id)).toMatchObject({ status: 'HELD', hold_until, journey_no: journeyNo });
      }
      await world.pool.query(`update leads set hold_until = clock_timestamp() - interval '1 s' where id = $1`, [id]);
      expect(await release.runOnce()).toBe(1);
      await without.decide(id);
      expect(await world.row(id)).toMatchObject({ status: 'KEPT', decision: 'WARN', hold_until: null, journey_no: 4 });
    });

    it('is released oldest first', async () => {
      const early = await aWaitingLead();
      const late = await aWaitingLead();
      await world.pool.query(`update leads set hold_until = hold_until - interval '1 min' where id = $1`, [early]);
      const limit = jest.replaceProperty(ReleaseHeldLeads, 'PER_SECOND', 1 as never);
      expect(await new ReleaseHeldLeads(world.pool, probe(true), tenants).runOnce()).toBe(1);
      limit.restore();
      expect(await world.row(early)).toMatchObject({ status: 'RECEIVED' });
      expect(await world.row(late)).toMatchObject({ status: 'HELD' });
      await world.pool.query(`update leads set status = 'KEPT' where id = any($1::uuid[])`, [[early, late]]);
    });

    it('goes on flagged when its time is over and the index still does not answer', async () => {
      const id = await aWaitingLead();
      await world.pool.query(`update leads set hold_until = clock_timestamp() - interval '1 s' where id = $1`, [id]);
      expect(await new ReleaseHeldLeads(world.pool, probe(false), tenants).runOnce()).toBe(1);
      expect(await world.row(id)).toMatchObject({ status: 'RECEIVED', flags: ['INDEX_WAIT_OVER'] });
      const unlock = await lockClaims();
      await world.process({ change: queue }).decide(id);
      await unlock();
      expect(await world.row(id)).toMatchObject({ status: 'KEPT', decision: 'WARN', duplicate_check_skipped: true });
      expect(await world.journeys(id)).toHaveLength(2);
    });
  });

  it('who waits for a person is not released', async () => {
    const id = await world.lead('t1', somebody());
    await world.pool.query(`update leads set status = 'HELD', hold_reason = 'duplicate' where id = $1`, [id]);
    const tenants = { tenants: () => [{ tenantId: 't1' }] } as unknown as ActiveConfig;
    expect(await new ReleaseHeldLeads(world.pool, { answering: async (all) => all }, tenants).runOnce()).toBe(0);
  });
});
