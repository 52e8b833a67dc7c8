import pg from 'pg';
import type { LeadId, TenantId } from '#core';
import { fingerprintOf } from '#keys';
import { PgBlindIndexes, RewriteBlindIndexes } from '#pipeline';
import { leadgate } from '../support/leadgate-cli.js';
import { createGuardWorld, FixedConfig, type GuardWorld, type InProcess, shippedTenant } from '../dedup/support/guard-world.js';
import { aHost, type Host } from './support/key-world.js';

/** Two processes, a rotation in the middle of their traffic, and everything until the old key is gone. */
describe('a rotation misses no duplicate', () => {
  const T1 = 't1' as TenantId;
  let world: GuardWorld;
  let host: Host;
  let env: Record<string, string>;
  let oldKey: string;

  beforeEach(async () => {
    world = await createGuardWorld();
    host = await aHost(world.pool);
    env = { DATABASE_URL: world.url, LEADGATE_DATA_DIR: host.dataDir, LEADGATE_IDENTITY_KEYS_POLL_SECONDS: '0.05' };
  });
  afterEach(async () => {
    await host.end();
    await world.end();
  });

  const person = (n: number): { email: string } => ({ email: `person-${n}@example.com` });
  const keys = (...words: string[]) => leadgate(['keys', ...words], env);
  const rewriter = (rings: ReturnType<Host['process']>) =>
    new RewriteBlindIndexes(new PgBlindIndexes(world.pool), rings, new FixedConfig([shippedTenant('t1'), shippedTenant('t2')]), Date.now);

  /** Everybody once through each process; `between` runs when a third of the leads is under way. */
  async function traffic(people: readonly number[], processes: readonly InProcess[], between: () => Promise<void>): Promise<LeadId[]> {
    const sent: { id: LeadId; by: InProcess }[] = [];
    for (const by of processes) for (const id of await world.leads('t1', people.map(person))) sent.push({ id, by });
    const mixed = sent.map((one, n) => ({ ...one, turn: (n * 7919) % sent.length })).sort((a, b) => a.turn - b.turn);
    const third = Math.ceil(mixed.length / 3);
    const decide = (part: typeof mixed) => Promise.all(part.map(({ id, by }) => by.decide(id)));
    await decide(mixed.slice(0, third));
    const under = decide(mixed.slice(third, 2 * third));
    await between();
    await under;
    await decide(mixed.slice(2 * third));
    return sent.map(({ id }) => id);
  }

  /** Per person the leads that were nobody's duplicate; each should have one. */
  async function winners(ids: readonly LeadId[]): Promise<Record<string, number>> {
    const { rows } = await world.pool.query<{ email: string; first: number }>(
      `select normalized_payload->>'email' as email, count(*) filter (where duplicate_of is null)::int as first
         from leads where id = any($1::uuid[]) group by 1 having count(*) filter (where duplicate_of is null) <> 1
             or count(*) filter (where duplicate_check_skipped) > 0`,
      [ids],
    );
    return Object.fromEntries(rows.map(({ email, first }) => [email, first]));
  }

  it('two processes that follow the rotation at different times find each other’s leads all along, also after the old key is gone', async () => {
    const [early, late] = [host.process(), host.process()];
    await early.refresh();
    await late.refresh();
    oldKey = early.ringOf(T1)?.current.id ?? '';
    const [one, two] = [world.process({ ring: early, claimWaitMs: 30_000 }), world.process({ ring: late, claimWaitMs: 30_000 })];
    const people = Array.from({ length: 60 }, (_, n) => n);

    const before = await traffic(people.slice(0, 20), [one, two], async () => {});
    const during = await traffic(people.slice(20, 40), [one, two], async () => {
      expect((await keys('rotate')).code).toBe(0);
      await early.refresh();
    });
    expect([early.ringOf(T1)?.current.id === oldKey, late.ringOf(T1)?.current.id]).toEqual([false, oldKey]);
    const apart = await traffic(people.slice(40), [one, two], async () => {});
    expect(await winners([...before, ...during, ...apart])).toEqual({});

    await world.pool.query(`update config_versions set content = '{"dedup":{"window_hours":720}}'`);
    // The old key may not go yet, and a second rotation has to wait.
    const refused = await keys('retire', oldKey);
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(/duplicate window since the newer key was activated passes at 20/);
    expect(refused.said).toMatch(/\d+ leads still have a blind index made with it/);
    expect(refused.said).toMatch(/\d+ identities are known under this key only/);
    const again = await keys('rotate');
    expect([again.code, again.complained]).toEqual([1, expect.stringContaining(`The rotation from ${oldKey} to `)]);

    // A process that has not heard of the new key rewrites nothing back.
    expect(await rewriter(late).runOnce()).toBe(0);
    await late.refresh();
    const rewrite = rewriter(early);
    expect(await rewrite.runOnce()).toBeGreaterThan(0);
    expect(await rewrite.runOnce()).toBe(0);
    const status = JSON.parse((await keys('status', '--json')).said) as {
      rings: { older: { leads_to_rewrite: number; claims_only_here: number }[] }[];
    };
    expect(status.rings[0]?.older).toEqual([
      expect.objectContaining({ id: oldKey, leads_to_rewrite: 0, claims_only_here: 0, may_go: false }),
    ]);
    expect((await keys('status')).said).toMatch(/blind indexes \[#{30}\] 100 % {2}120 of 120 leads/);

    await passWindow();
    const retired = await keys('retire', oldKey);
    expect([retired.code, retired.said]).toEqual([0, expect.stringContaining('removed from identity-keys.json')]);
    expect(await host.keys()).not.toContain(oldKey);
    const fresh = host.process();
    await fresh.refresh();
    expect(fresh.ringOf(T1)).toMatchObject({ previous: [] });
    const after = await world.leads('t1', people.map(person));
    await world.process({ ring: fresh }).decide(...after);
    const { rows } = await world.pool.query(
      'select count(*)::int as found from leads where id = any($1::uuid[]) and duplicate_of is not null',
      [after],
    );
    expect(rows).toEqual([{ found: 60 }]);
  });

  it('the rewritten index is the one a lead decided today would get, and erased or refused leads are no obstacle', async () => {
    const rings = host.process();
    await rings.refresh();
    const process = world.process({ ring: rings });
    const [lead, erased] = await world.leads('t1', [
      { email: 'Anna@Example.com', phone: '+1 202 555 0143' },
      { email: 'gone@example.com' },
    ]);
    await process.decide(lead!, erased!);
    await world.pool.query(`update leads set status = 'ERASED', payload = '{}', normalized_payload = null where id = $1`, [erased]);
    await keys('rotate');
    await rings.refresh();
    await rewriter(rings).runOnce();
    const { current } = rings.ringOf(T1)!;
    expect(await world.row(lead!)).toMatchObject({
      identity_key_id: current.id,
      email_fingerprint: fingerprintOf(current.secret, T1, { kind: 'email', value: 'anna@example.com' }),
      phone_fingerprint: fingerprintOf(current.secret, T1, { kind: 'phone', value: '+12025550143' }),
    });
    expect(await world.row(erased!)).toMatchObject({ identity_key_id: current.id, email_fingerprint: null });
  });

  it('claims that are under the old key only are found by the walk, and of two holders both claims go to the earlier lead', async () => {
    const rings = host.process();
    await rings.refresh();
    const process = world.process({ ring: rings });
    const [first, other] = await world.leads('t1', [person(1), person(2)]);
    await process.decide(first!, other!);
    await keys('rotate');
    await rings.refresh();
    const rewrite = rewriter(rings);
    expect(await rewrite.runOnce()).toBe(2);
    const { current, previous } = rings.ringOf(T1)!;
    const under = (secret: Buffer, n: number) => fingerprintOf(secret, T1, { kind: 'email', value: person(n).email });
    // What a process leaves behind that had not heard of the rotation: one claim only, and beside it that of a later lead.
    const [later] = await world.leads('t1', [person(1)]);
    await process.decide(later!);
    await world.pool.query(`update identity_claims set lead_id = $1, claimed_at = clock_timestamp() where fingerprint = $2`, [
      later,
      under(current.secret, 1),
    ]);
    await world.pool.query(`delete from identity_claims where fingerprint = $1`, [under(current.secret, 2)]);
    expect(await rewrite.runOnce()).toBe(0);
    const holders = new Map((await world.claims()).map(({ fingerprint, lead_id }) => [fingerprint.toString('hex'), lead_id]));
    const pairs = [1, 2].map((n) => [current, previous[0]!].map(({ secret }) => holders.get(under(secret, n).toString('hex'))));
    expect(pairs).toEqual([
      [first, first],
      [other, other],
    ]);
  });

  it('after a key was lost, what older leads are known by is made anew from the leads', async () => {
    const rings = host.process();
    await rings.refresh();
    const [lead] = await world.leads('t1', [person(1)]);
    await world.process({ ring: rings }).decide(lead!);
    const lost = rings.ringOf(T1)!.current.id;
    await host.put(JSON.stringify({ current: { id: 'next', secret: 'ab'.repeat(31) + 'cd' } }));
    const restarted = host.process();
    await restarted.refresh();
    expect(restarted.ringOf(T1)).toBeNull();
    expect((await keys('retire', lost, '--lost')).said).toContain('is retired');
    await restarted.refresh();
    expect((await keys('status')).said).toMatch(/current key next .*\n.* 0 % {2}0 of 1 leads/);
    expect(await rewriter(restarted).runOnce()).toBe(1);
    const [again] = await world.leads('t1', [person(1)]);
    await world.process({ ring: restarted }).decide(again!);
    expect(await world.row(again!)).toMatchObject({ duplicate_of: lead, identity_key_id: 'next' });
  });

  it('of two rotations at once one is refused, and the file holds what the registry holds', async () => {
    await host.process().refresh();
    const answers = await Promise.all([keys('rotate', '--json'), keys('rotate', '--json')]);
    expect(answers.map(({ code }) => code).sort()).toEqual([0, 1]);
    const { current, previous } = JSON.parse(await host.keys()) as { current: { id: string }; previous: { id: string }[] };
    const { rows } = await world.pool.query('select key_id from identity_keys order by activated_at desc');
    expect(rows.map(({ key_id }) => key_id as string)).toEqual([current.id, ...previous.map(({ id }) => id)]);
    for (const { said, complained } of answers) expect(said + complained).not.toMatch(/"secret"/);
  });

  it('a rotation that is watched shows how far the rewriting is, until it is done', async () => {
    const rings = host.process();
    await rings.refresh();
    const ids = await world.leads(
      't1',
      Array.from({ length: 8 }, (_, n) => person(n)),
    );
    await world.process({ ring: rings }).decide(...ids);
    const watching = keys('rotate', '--watch');
    const rewrite = rewriter(rings);
    let rewritten = 0;
    while (rewritten === 0) {
      await rings.refresh();
      rewritten = await rewrite.runOnce();
    }
    const { code, complained } = await watching;
    expect([code, rewritten]).toEqual([0, 8]);
    expect(complained).toMatch(/\[#{30}\] 100 % {2}8 of 8 leads\n$/);
  });

  it('where only people write, it says what to put there', async () => {
    const { code, said } = await leadgate(['keys', 'rotate'], { ...env, LEADGATE_IDENTITY_KEYS: `k1:${'ab'.repeat(31)}cd` });
    expect(code).toBe(0);
    expect(said).toMatch(
      /the variable LEADGATE_IDENTITY_KEYS, where only you write.*openssl rand -base64 32.*current key k1 as the first of "previous"/s,
    );
    expect(said).not.toContain('abab');
  });

  it('a key that is current, unknown or retired already is not retired', async () => {
    const rings = host.process();
    await rings.refresh();
    const { id } = rings.ringOf(T1)!.current;
    expect((await keys('retire', id)).said).toContain(`${id} is the current key: first make another one`);
    expect((await keys('retire', 'nobodys')).said).toContain('no process ever registered a key nobodys');
    expect((await keys('retire', id, '--lost')).code).toBe(0);
    expect((await keys('retire', id)).said).toContain('is retired already');
  });

  /** As if everything had been taken longer ago than the largest window, while the claims still count. */
  async function passWindow(): Promise<void> {
    const owner = new pg.Client({ connectionString: world.url });
    await owner.connect();
    await owner.query(`update identity_keys set activated_at = activated_at - interval '400 days'`);
    await owner.end();
  }
});
