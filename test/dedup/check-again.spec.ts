import pg from 'pg';
import type { LeadId, TenantConfig } from '#core';
import { PgIndexProbe } from '#dedup';
import { type KeyRing, KeyRings } from '#keys';
import { CheckAgain } from '#pipeline';
import { createPgPool, Metrics } from '#platform';
import { UNHURRIED } from '../support/unhurried.js';
import { createGuardWorld, FixedConfig, type GuardWorld, RING, ringOf, shippedTenant } from './support/guard-world.js';

/** A ring that comes and goes. */
class Keys extends KeyRings {
  ring: KeyRing | null = ringOf(RING);
  override ringOf(): KeyRing | null {
    return this.ring;
  }
}

/** What went on without its duplicate check is checked as soon as that is possible, and told once. */
describe('leads that went on unchecked', () => {
  let world: GuardWorld;
  let claims: pg.Pool;
  const metrics = new Metrics();
  const keys = new Keys();
  const config = new FixedConfig([shippedTenant('t1'), shippedTenant('t2')]);
  beforeAll(async () => {
    world = await createGuardWorld();
    // 250 ms for a lock, as in a gateway; what a slow machine takes besides is not what these tests are about.
    claims = createPgPool({ url: world.url, applicationName: 'claims', max: 3, ...UNHURRIED, lockTimeoutMs: 250 });
  });
  afterAll(async () => {
    await claims.end();
    await world.end();
  });

  const relay = (): CheckAgain => new CheckAgain({ pool: world.pool, index: new PgIndexProbe(claims, keys), rings: keys, config, metrics });
  const late = async (tenant: string): Promise<number> =>
    (await metrics.lateDuplicates.get()).values.find(({ labels }) => labels.tenant === tenant)?.value ?? 0;
  const events = async (id: LeadId): Promise<object[]> =>
    (await world.pool.query(`select actor, reason, detail from audit_events where lead_id = $1 and type = 'lead.late_duplicate'`, [id]))
      .rows;
  const claimsOf = async (id: LeadId) =>
    (await world.pool.query('select kind, claimed_at, expires_at from identity_claims where lead_id = $1 order by kind', [id])).rows;
  const decided = async (
    payload: object,
    options: { ring?: null; change?: (config: TenantConfig) => TenantConfig } = {},
  ): Promise<LeadId> => {
    const id = await world.lead('t1', payload);
    await world.process(options).decide(id);
    return id;
  };

  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: world.url });
    await client.connect();
    await client.query('begin');
    await client.query('lock table identity_claims in access exclusive mode');
    try {
      await work();
    } finally {
      await client.query('rollback');
      await client.end();
    }
  }

  it('are checked when the index answers; a duplicate among them is told once, changes no status, and the others claim as of their arrival', async () => {
    const before = await decided({ email: 'ada@example.com' });
    let flagged: LeadId[] = [];
    await whileLocked(async () => {
      flagged = await world.leads('t1', [
        { email: 'ada@example.com', phone: '+12025550101' },
        { email: 'bob@example.com' },
        { email: 'bob@example.com' },
        { phone: '+12025550199', email: 'carl@example.com' },
      ]);
      await world.process().decide(...flagged);
      expect(await relay().runOnce()).toBe(0);
    });
    const [ada, bob, bob2, carl] = flagged as [LeadId, LeadId, LeadId, LeadId];
    const meanwhile = await decided({ email: 'carl@example.com' });
    expect(await world.row(meanwhile)).toMatchObject({ duplicate_of: carl, decision: 'DUPLICATE_HINT' });

    const counts = await Promise.all([relay().runOnce(), relay().runOnce()]);
    expect(counts.sort()).toEqual([0, 4]);
    expect(await relay().runOnce()).toBe(0);
    for (const id of flagged)
      expect(await world.row(id)).toMatchObject({ status: 'KEPT', decision: 'WARN', duplicate_check_skipped: false });
    expect(await world.row(ada)).toMatchObject({ duplicate_of: before });
    expect(await world.row(bob2)).toMatchObject({ duplicate_of: bob });
    expect(await world.row(bob)).toMatchObject({ duplicate_of: null });
    expect(await world.row(carl)).toMatchObject({ duplicate_of: null });
    expect(await late('t1')).toBe(2);
    expect(await events(ada)).toEqual([
      {
        actor: 'relay',
        reason: 'duplicate_confirmed',
        detail: { duplicateOf: before, matchedOn: 'email', seenAt: expect.stringMatching(/^2/) as string },
      },
    ]);
    expect(await events(carl)).toEqual([]);
    // The claim that the later lead took while nobody held it goes to whom it was hinted at.
    const { received_at: arrived } = await world.row(carl);
    expect(await claimsOf(carl)).toMatchObject([
      { kind: 'email', claimed_at: arrived, expires_at: new Date((arrived as Date).getTime() + 720 * 3_600_000) },
      { kind: 'phone', claimed_at: arrived },
    ]);
    expect(await claimsOf(meanwhile)).toEqual([]);
    expect(await claimsOf(ada)).toMatchObject([{ kind: 'phone' }]);
    expect((await world.journeys(ada)).map(({ duplicate_check_skipped: skipped }) => skipped)).toEqual([true]);
  });

  it('are checked when their tenant has a key, and are found by it; a later lead that was taken for the first is told', async () => {
    const keyless = await decided({ email: 'dora@example.com' }, { ring: null });
    keys.ring = null;
    expect(await relay().runOnce()).toBe(0);
    const later = await decided({ email: 'dora@example.com' });
    expect(await world.row(later)).toMatchObject({ duplicate_of: null, decision: 'PASS' });
    keys.ring = ringOf(RING);
    expect(await relay().runOnce()).toBe(1);
    expect(await world.row(keyless)).toMatchObject({
      duplicate_of: null,
      duplicate_check_skipped: false,
      identity_key_id: 'a',
      email_fingerprint: expect.any(Buffer) as Buffer,
    });
    expect(await world.row(later)).toMatchObject({ duplicate_of: keyless, status: 'KEPT', decision: 'PASS' });
    expect(await events(later)).toHaveLength(1);
    expect(await late('t1')).toBe(3);
  });

  it('that were rejected only lose their flag', async () => {
    const rejects = (config: TenantConfig): TenantConfig => ({ ...config, policy: { ...config.policy, degraded: { mode: 'REJECT' } } });
    let id = '' as LeadId;
    await whileLocked(async () => {
      id = await decided({ email: 'erna@example.com' }, { change: rejects });
    });
    expect(await world.row(id)).toMatchObject({ status: 'REJECTED', duplicate_check_skipped: true });
    expect(await relay().runOnce()).toBe(1);
    expect(await world.row(id)).toMatchObject({ status: 'REJECTED', duplicate_check_skipped: false, duplicate_of: null });
    expect(await claimsOf(id)).toEqual([]);
  });

  it('that still wait for the index are left to their release', async () => {
    const queues = (config: TenantConfig): TenantConfig => ({ ...config, policy: { ...config.policy, degraded: { mode: 'QUEUE' } } });
    let id = '' as LeadId;
    await whileLocked(async () => {
      id = await decided({ email: 'fred@example.com' }, { change: queues });
    });
    expect(await relay().runOnce()).toBe(0);
    expect(await world.row(id)).toMatchObject({ status: 'HELD', duplicate_check_skipped: true });
    await world.pool.query(`update leads set status = 'KEPT', duplicate_check_skipped = false where id = $1`, [id]);
  });

  it('are checked oldest first, a limited number a round', async () => {
    let ids: LeadId[] = [];
    await whileLocked(async () => {
      ids = await world.leads(
        't1',
        Array.from({ length: 5 }, (_, n) => ({ email: `gus-${n}@example.com` })),
      );
      await world.process().decide(...ids);
    });
    const limit = jest.replaceProperty(CheckAgain, 'PER_SECOND', 3 as never);
    expect(await relay().runOnce()).toBe(3);
    const open = await world.pool.query('select id from leads where duplicate_check_skipped order by id');
    expect(open.rows.map(({ id }: { id: LeadId }) => id)).toEqual(ids.slice(3));
    expect([await relay().runOnce(), await relay().runOnce()]).toEqual([2, 0]);
    limit.restore();
  });
});
