import type { LeadId, TenantConfig } from '#core';
import { fingerprintOf } from '#keys';
import { eventually } from '../support/eventually.js';
import { aKey, createGuardWorld, type GuardWorld, RING, ringOf } from './support/guard-world.js';

// Ten processes that are started, killed and made up for take minutes on a machine that has much else to do.
jest.setTimeout(900_000);

/** Who claims what, for how long, and who is told. */
describe('claims', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  const claimsOf = async (id: LeadId) => (await world.claims()).filter(({ lead_id }) => lead_id === id);
  const decided = async (tenant: 't1' | 't2', payload: object, change?: (config: TenantConfig) => TenantConfig): Promise<LeadId> => {
    const id = await world.lead(tenant, payload);
    await world.process(change === undefined ? {} : { change }).decide(id);
    return id;
  };

  it('the hint names the earliest lead, the identity in the order of the tenant, and when it was first seen', async () => {
    const first = await decided('t1', { email: 'order@example.com', phone: '+12025550101' });
    const second = await decided('t1', { email: 'order-2@example.com', phone: '+12025550102' });
    const both = await decided('t1', { email: 'order@example.com', phone: '+12025550101' });
    const mixed = await decided('t1', { email: 'order-2@example.com', phone: '+12025550101' });
    const claimedAt = (await world.pool.query('select distinct claimed_at from identity_claims where lead_id = $1', [first])).rows;
    expect(claimedAt).toHaveLength(1);
    expect(await world.journeys(both)).toMatchObject([
      { duplicate_of: first, duplicate_matched_on: 'email', duplicate_seen_at: claimedAt[0]?.claimed_at as Date },
    ]);
    expect(await world.journeys(mixed)).toMatchObject([{ duplicate_of: first, duplicate_matched_on: 'phone' }]);
    expect(await claimsOf(second)).toHaveLength(2);
    expect(await world.row(both)).toMatchObject({ decision: 'DUPLICATE_HINT', reason_codes: ['duplicate_confirmed'], duplicate_of: first });
  });

  it('a duplicate claims what is still free', async () => {
    const first = await decided('t1', { email: 'free@example.com' });
    const second = await decided('t1', { email: 'free@example.com', phone: '+12025550110' });
    const third = await decided('t1', { email: 'free-3@example.com', phone: '+12025550110' });
    expect(await claimsOf(second)).toMatchObject([{ kind: 'phone' }]);
    expect(await world.row(second)).toMatchObject({ duplicate_of: first });
    expect(await world.row(third)).toMatchObject({ duplicate_of: second });
  });

  it('a rejected lead claims nothing, and is found by its blind index all the same', async () => {
    const blocked = (config: TenantConfig): TenantConfig => ({ ...config, policy: { ...config.policy, blocked: true } });
    const rejected = await decided('t1', { email: 'rejected@example.com' }, blocked);
    expect(await world.row(rejected)).toMatchObject({
      status: 'REJECTED',
      identity_key_id: 'a',
      email_fingerprint: fingerprintOf(ringOf(RING).current.secret, 't1' as never, { kind: 'email', value: 'rejected@example.com' }),
      phone_fingerprint: null,
    });
    expect(await claimsOf(rejected)).toEqual([]);
    expect(await world.row(await decided('t1', { email: 'rejected@example.com' }))).toMatchObject({ duplicate_of: null });
  });

  it.each(['hold', 'reject'] as const)('on_duplicate: %s leaves the claim with the first', async (onDuplicate) => {
    const change = (config: TenantConfig): TenantConfig => ({ ...config, dedup: { ...config.dedup, on_duplicate: onDuplicate } });
    const first = await decided('t2', { email: `${onDuplicate}@example.com` }, change);
    const second = await decided('t2', { email: `${onDuplicate}@example.com` }, change);
    expect(await world.row(second)).toMatchObject({ status: onDuplicate === 'hold' ? 'HELD' : 'REJECTED', duplicate_of: first });
    expect(await claimsOf(first)).toHaveLength(1);
    expect(await claimsOf(second)).toEqual([]);
  });

  it("a lead's own claim is no duplicate when it is decided again", async () => {
    const id = await decided('t1', { email: 'again@example.com' });
    await world.pool.query(`update leads set status = 'RECEIVED' where id = $1`, [id]);
    await world.process().decide(id);
    expect(await world.journeys(id)).toMatchObject([{ duplicate_of: null }, { journey_no: 2, duplicate_of: null }]);
    expect(await claimsOf(id)).toHaveLength(1);
  });

  it("the window begins with the first accepted lead, is the tenant's, and a hint does not refresh it", async () => {
    const change = (config: TenantConfig): TenantConfig => ({ ...config, dedup: { ...config.dedup, window_hours: 5 } });
    const first = await decided('t1', { email: 'window@example.com' }, change);
    const expiry = async () =>
      (
        await world.pool.query(
          "select expires_at, expires_at - claimed_at = interval '5 h' as five_hours from identity_claims where lead_id = $1",
          [first],
        )
      ).rows;
    const before = await expiry();
    expect(before).toMatchObject([{ five_hours: true }]);
    await decided('t1', { email: 'window@example.com' }, change);
    expect(await expiry()).toEqual(before);
  });

  it('two tenants never see each other, also with one key for both', async () => {
    const first = await decided('t1', { email: 'tenants@example.com' });
    const other = await decided('t2', { email: 'tenants@example.com' });
    expect(await world.row(other)).toMatchObject({ decision: 'PASS', duplicate_of: null });
    const [one] = await claimsOf(first);
    const [two] = await claimsOf(other);
    expect(one?.fingerprint).not.toEqual(two?.fingerprint);
  });

  it('claims under every key of the ring, and finds those made under a key that has become the previous one', async () => {
    const old = await decided('t1', { email: 'ring@example.com' });
    const rotated = { current: aKey('b'), previous: [RING.current] };
    const process = world.process({ ring: rotated });
    const next = await world.lead('t1', { email: 'ring@example.com', phone: '+12025550140' });
    await process.decide(next);
    expect(await world.row(next)).toMatchObject({ duplicate_of: old, identity_key_id: 'b' });
    expect((await claimsOf(next)).map(({ kind, key_id }) => `${kind}/${key_id}`).sort()).toEqual(['email/b', 'phone/a', 'phone/b']);
  });

  it('a lead that is not compared by anything is still found by its blind index', async () => {
    const change = (config: TenantConfig): TenantConfig => ({ ...config, dedup: { ...config.dedup, identities: [] } });
    const id = await decided('t1', { email: 'uncompared@example.com', phone: '+12025550150' }, change);
    expect(await world.row(id)).toMatchObject({
      duplicate_check_skipped: false,
      email_fingerprint: expect.any(Buffer) as Buffer,
      phone_fingerprint: expect.any(Buffer) as Buffer,
    });
    expect(await claimsOf(id)).toEqual([]);
  });

  it('a lead decided elsewhere meanwhile leaves no claim of the run that came late', async () => {
    const id = await world.lead('t1', { email: 'late@example.com' });
    const process = world.process();
    const late = await world.loaded(id);
    await world.pool.query(`update leads set status = 'REJECTED' where id = $1`, [id]);
    expect(await process.processLeads.decide(late)).toEqual({ kind: 'decided_elsewhere' });
    expect(await claimsOf(id)).toEqual([]);
  });

  it('a process killed with claims in flight leaves no half claims', async () => {
    for (let time = 0; time < 5; time += 1) {
      const ids = await world.leads(
        't2',
        Array.from({ length: 400 }, (_, n) => ({ email: `kill-${time}-${n}@example.com`, phone: `+1505${5550000 + time * 400 + n}` })),
      );
      const process = await world.fork();
      const deciding = process.decide(...Array.from({ length: 20 }, (_, job) => ids.slice(job * 20, job * 20 + 20))).catch(() => {});
      await eventually('something is decided', async () => ((await claimedAndDecided(ids)).decided > time * 20 ? true : undefined));
      await process.end('SIGKILL');
      await deciding;
      const { decided: done, claims, orphans } = await claimedAndDecided(ids);
      expect(orphans).toBe(0);
      expect(claims).toBe(done * 2);
      // What was in the process that died would be taken up one at a time: that is another story.
      await world.pool.query(`update leads set crash_count = 0 where id = any($1::uuid[]) and status = 'RECEIVED'`, [ids]);
      await (await world.fork()).decide(...ids.map((id) => [id]));
      expect(await claimedAndDecided(ids)).toEqual({ decided: 400, claims: 800, orphans: 0 });
    }
  });

  async function claimedAndDecided(ids: readonly LeadId[]) {
    const { rows } = await world.pool.query<{ decided: number; claims: number; orphans: number }>(
      `select (select count(*)::int from leads where id = any($1::uuid[]) and status <> 'RECEIVED') as decided,
              (select count(*)::int from identity_claims where lead_id = any($1::uuid[])) as claims,
              (select count(*)::int from identity_claims claim join leads on leads.id = claim.lead_id
                where leads.id = any($1::uuid[]) and status = 'RECEIVED') as orphans`,
      [ids],
    );
    return rows[0] ?? { decided: 0, claims: 0, orphans: 0 };
  }
});
