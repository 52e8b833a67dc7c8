import pg from 'pg';
import type { LeadId, TenantId } from '#core';
import { fingerprintOf } from '#keys';
import { aKey, createGuardWorld, type GuardWorld, RING } from '../dedup/support/guard-world.js';
import { FINGERPRINTS, SAME_PERSON } from '../fixtures/fingerprints.js';

describe('fingerprints', () => {
  it.each(FINGERPRINTS)('$id: $identity.kind of $tenantId, byte for byte as before', ({ tenantId, identity, secretHex, hex }) => {
    expect(fingerprintOf(Buffer.from(secretHex, 'hex'), tenantId as TenantId, identity).toString('hex')).toBe(hex);
  });
});

describe('the same person', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());
  beforeEach(() => world.pool.query('delete from identity_claims'));

  const decided = async (tenant: 't1' | 't2', payload: object, ring = RING): Promise<LeadId> => {
    const id = await world.lead(tenant, payload);
    await world.process({ ring }).decide(id);
    return id;
  };

  it.each(SAME_PERSON)('$id: $description: duplicate $duplicate', async ({ earlier, later, duplicate }) => {
    const first = await decided(earlier.tenant, earlier.payload);
    const second = await decided(later.tenant, later.payload);
    expect(await world.row(second)).toMatchObject({ duplicate_of: duplicate ? first : null, duplicate_check_skipped: false });
  });

  it.each(['fp-rot-2', 'fp-rot-3'])('%s: what was claimed under a key that has left the ring is not found any more', async () => {
    const v3 = aKey('v3');
    await decided('t1', { email: 'race@example.com' }, { current: v3, previous: [] });
    const after = await decided('t1', { email: 'race@example.com' }, { current: aKey('v4'), previous: [] });
    expect(await world.row(after)).toMatchObject({ duplicate_of: null });
  });

  it('fp-rot-2, the other way round: while it is the previous key of the ring, it is', async () => {
    const v3 = aKey('v3');
    const first = await decided('t1', { email: 'race@example.com' }, { current: v3, previous: [] });
    const after = await decided('t1', { email: 'race@example.com' }, { current: aKey('v4'), previous: [v3] });
    expect(await world.row(after)).toMatchObject({ duplicate_of: first });
  });

  it('idem-leg-6: a repeated request reads the hint that the first one got', async () => {
    const { verdicts } = world.process();
    const [a, b] = (await world.leads('t1', [
      { source_id: 'a', email: 'x@example.com' },
      { source_id: 'b', email: 'x@example.com' },
    ])) as [LeadId, LeadId];
    expect(await verdicts.decide(await world.loaded(a), 60_000)).toMatchObject({ decision: 'PASS' });
    const hint = await verdicts.decide(await world.loaded(b), 60_000);
    expect(hint).toMatchObject({ decision: 'DUPLICATE_HINT', duplicateOf: { leadId: a } });
    expect(await verdicts.await(b, 60_000)).toEqual(hint);
  });

  it('idem-leg-10: a lead accepted while the index was unavailable is flagged, and the next one is its duplicate', async () => {
    const { verdicts } = world.process();
    const [d1, d2] = (await world.leads('t1', [
      { source_id: 'd1', email: 'o@example.com' },
      { source_id: 'd2', email: 'o@example.com' },
    ])) as [LeadId, LeadId];
    const locker = new pg.Client({ connectionString: world.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table identity_claims in access exclusive mode');
    const flagged = await verdicts.decide(await world.loaded(d1), 60_000);
    await locker.query('rollback');
    await locker.end();
    expect(flagged).toMatchObject({ decision: 'WARN', reasonCodes: ['WARN_INDEX_UNAVAILABLE'], duplicateCheckSkipped: true });
    expect(await verdicts.decide(await world.loaded(d2), 60_000)).toMatchObject({
      decision: 'DUPLICATE_HINT',
      duplicateOf: { leadId: d1 },
    });
  });
});
