import type { LeadId, TenantConfig } from '#core';
import { passOn, PassOnClaims } from '#pipeline';
import { inTransaction } from '#platform';
import { createGuardWorld, FixedConfig, type GuardWorld, shippedTenant } from './support/guard-world.js';

/** Who was held back by a lead that never arrives gets its chance, and nobody else does. */
describe.each(['hold', 'reject'] as const)('on_duplicate: %s, and the earlier lead ends badly', (onDuplicate) => {
  const change = (config: TenantConfig): TenantConfig => ({ ...config, dedup: { ...config.dedup, on_duplicate: onDuplicate } });
  const config = new FixedConfig(
    [shippedTenant('t1'), shippedTenant('t2')].map((resolved) => ({ ...resolved, config: change(resolved.config) })),
  );
  const heldBack = onDuplicate === 'hold' ? 'HELD' : 'REJECTED';
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  const relay = (): PassOnClaims => new PassOnClaims(world.pool, config);
  const decided = async (payload: object): Promise<LeadId> => {
    const id = await world.lead('t1', payload);
    await world.process({ change }).decide(id);
    return id;
  };
  const end = (id: LeadId, status: string) =>
    world.pool.query('update leads set status = $2, updated_at = clock_timestamp() where id = $1', [id, status]);
  const again = (id: LeadId) => world.process({ change }).decide(id);
  const holders = async (...ids: LeadId[]) =>
    (await world.claims()).filter(({ lead_id }) => ids.includes(lead_id)).map(({ kind, lead_id }) => `${kind} ${ids.indexOf(lead_id)}`);

  it('the oldest one is reprocessed with the claim, finds nobody before it, and the others wait for it', async () => {
    const who = { email: 'ada@example.com' };
    const [first, second, third] = [await decided(who), await decided(who), await decided(who)];
    for (const id of [second, third]) expect(await world.row(id)).toMatchObject({ status: heldBack, duplicate_of: first });
    expect(await relay().runOnce()).toBe(0);
    await end(first, 'PERMANENTLY_FAILED');
    const heirs = await Promise.all([relay().runOnce(), relay().runOnce()]);
    expect(heirs.sort()).toEqual([0, 1]);
    expect(await world.row(second)).toMatchObject({ status: 'RECEIVED', duplicate_of: null, hold_reason: null, rejection_reason: null });
    expect(await world.row(third)).toMatchObject({ status: heldBack, duplicate_of: second });
    expect(await holders(first, second, third)).toEqual(['email 1']);
    const { rows } = await world.pool.query(
      `select from_status, to_status, actor, reason, detail from audit_events where lead_id = $1 and type = 'lead.reprocessed'`,
      [second],
    );
    expect(rows).toEqual([
      { from_status: heldBack, to_status: 'RECEIVED', actor: 'relay', reason: 'earlier_lead_failed', detail: { earlierLeadId: first } },
    ]);
    await again(second);
    expect(await world.row(second)).toMatchObject({ status: 'KEPT', decision: 'PASS', duplicate_of: null, journey_no: 2 });
    expect(await world.row(await decided(who))).toMatchObject({ status: heldBack, duplicate_of: second });
    expect(await relay().runOnce()).toBe(0);
  });

  it('the window begins anew with the heir', async () => {
    const who = { email: 'window@example.com' };
    const [first, second] = [await decided(who), await decided(who)];
    await world.pool.query(
      `update identity_claims set claimed_at = claimed_at - interval '5 days', expires_at = expires_at - interval '5 days' where lead_id = $1`,
      [first],
    );
    await end(first, 'PERMANENTLY_FAILED');
    await relay().runOnce();
    const { rows } = await world.pool.query(
      `select expires_at - claimed_at = interval '720 h' as whole, clock_timestamp() - claimed_at < interval '1 min' as now from identity_claims where lead_id = $1`,
      [second],
    );
    expect(rows).toEqual([{ whole: true, now: true }]);
  });

  it('each identity passes to the oldest one who shares it', async () => {
    const first = await decided({ email: 'two@example.com', phone: '+12025550120' });
    const byPhone = await decided({ email: 'two-b@example.com', phone: '+12025550120' });
    const byEmail = await decided({ email: 'two@example.com', phone: '+12025550121' });
    const byPhoneToo = await decided({ email: 'two-c@example.com', phone: '+12025550120' });
    await end(first, 'ERASED');
    expect(await relay().runOnce()).toBe(2);
    expect(await world.row(byPhone)).toMatchObject({ status: 'RECEIVED' });
    expect(await world.row(byEmail)).toMatchObject({ status: 'RECEIVED' });
    expect(await world.row(byPhoneToo)).toMatchObject({ status: heldBack, duplicate_of: byPhone });
    await again(byPhone);
    await again(byEmail);
    for (const id of [byPhone, byEmail]) expect(await world.row(id)).toMatchObject({ status: 'KEPT', duplicate_of: null });
  });

  it('an heir that is refused passes it on', async () => {
    const who = { email: 'refused@example.com' };
    const [first, second, third] = [await decided(who), await decided(who), await decided(who)];
    await end(first, 'PERMANENTLY_FAILED');
    await relay().runOnce();
    const blocked = (one: TenantConfig): TenantConfig => ({ ...change(one), policy: { ...one.policy, blocked: true } });
    await world.process({ change: blocked }).decide(second);
    expect(await world.row(second)).toMatchObject({ status: 'REJECTED', rejection_reason: 'REJECT_TENANT_BLOCKED' });
    expect(await relay().runOnce()).toBe(1);
    expect(await world.row(third)).toMatchObject({ status: 'RECEIVED' });
    expect(await holders(first, second, third)).toEqual(['email 2']);
    await again(third);
  });

  it('one that was also refused for its fields stays refused', async () => {
    const first = await decided({ email: 'fields@example.com' });
    const blocked = (one: TenantConfig): TenantConfig => ({ ...change(one), policy: { ...one.policy, blocked: true } });
    const refused = await world.lead('t1', { email: 'fields@example.com' });
    await world.process({ change: blocked }).decide(refused);
    await end(first, 'PERMANENTLY_FAILED');
    expect(await relay().runOnce()).toBe(0);
    expect(await world.row(refused)).toMatchObject({ status: 'REJECTED', rejection_reason: 'REJECT_TENANT_BLOCKED' });
  });

  it('without anybody waiting, the claim of a lead that never arrived keeps nobody out', async () => {
    const first = await decided({ email: 'alone@example.com' });
    await end(first, 'PERMANENTLY_FAILED');
    await relay().runOnce();
    expect(await holders(first)).toEqual([]);
    expect(await world.row(await decided({ email: 'alone@example.com' }))).toMatchObject({ duplicate_of: null, decision: 'PASS' });
  });

  it('where duplicates are delivered, a lead that failed stays the earlier one', async () => {
    const first = await decided({ email: 'deliver@example.com' });
    await end(first, 'PERMANENTLY_FAILED');
    await new PassOnClaims(world.pool, new FixedConfig([shippedTenant('t1')])).runOnce();
    expect(await holders(first)).toEqual(['email 0']);
  });

  it('a CRM that corrects a duplicate gives the next one its chance at once, and who was being decided meanwhile soon', async () => {
    const who = { email: 'feedback@example.com' };
    const [first, second] = [await decided(who), await decided(who)];
    const late = await world.lead('t1', who);
    const ended = { tenantId: 't1' as never, leadId: first, actor: 'key:k' as const, reason: 'lead_duplicate_corrected' };
    await world.pool.query(
      `insert into feedback_events (id, tenant_id, lead_id, type, api_key_id) values (gen_random_uuid(), 't1', $1, 'lead_duplicate_corrected', 'k')`,
      [first],
    );
    expect(await inTransaction(world.pool, (client) => passOn(client, ended))).toEqual({ released: 1, heirs: [second] });
    expect(await inTransaction(world.pool, (client) => passOn(client, ended))).toEqual({ released: 0, heirs: [] });
    // Looked up before the correction, committed after it.
    await world.pool.query(
      `update leads set status = $2, hold_reason = case $2 when 'HELD' then 'duplicate' end, rejection_reason = case $2 when 'REJECTED' then 'duplicate_confirmed' end, duplicate_of = $3 where id = $1`,
      [late, heldBack, first],
    );
    expect(await relay().runOnce()).toBe(1);
    expect(await world.row(late)).toMatchObject({ status: 'RECEIVED' });
    await again(second);
    await again(late);
    expect(await world.row(second)).toMatchObject({ status: 'KEPT', duplicate_of: null });
    expect(await world.row(late)).toMatchObject({ status: heldBack, duplicate_of: second });
  });
});
