import type { LeadId } from '#core';
import { createGuardWorld, type GuardWorld, RING, aKey } from './support/guard-world.js';

// Hundreds of rounds of two processes take minutes on a machine that has much else to do.
jest.setTimeout(900_000);

/** Of any number of equal leads, in any number of processes, exactly one was first, and the others name it. */
describe('one winner', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  const jobsOf = <T>(items: readonly T[], size: number): T[][] =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, job) => items.slice(job * size, (job + 1) * size));

  const tally = async (ids: readonly string[]) =>
    (
      await world.pool.query<{ winners: number; hints: number; skipped: number; earlier: string[] }>(
        `select count(*) filter (where duplicate_of is null and not duplicate_check_skipped)::int as winners,
                count(*) filter (where duplicate_of is not null)::int as hints,
                count(*) filter (where duplicate_check_skipped)::int as skipped,
                array_agg(distinct duplicate_of) filter (where duplicate_of is not null) as earlier
           from leads where id = any($1::uuid[]) and status = 'KEPT'`,
        [ids],
      )
    ).rows[0];

  it('10,000 concurrent leads of one person over two processes', async () => {
    const ids = await world.leads(
      't1',
      Array.from({ length: 10_000 }, (_, n) => ({ email: 'ten.thousand@example.com', extra: { n } })),
    );
    const [one, two] = await Promise.all([world.fork(), world.fork()]);
    await Promise.all([
      one.decide(
        ...jobsOf(
          ids.filter((_, n) => n % 2 === 0),
          50,
        ),
      ),
      two.decide(
        ...jobsOf(
          ids.filter((_, n) => n % 2 === 1),
          50,
        ),
      ),
    ]);
    const claims = (await world.claims()).filter(({ lead_id }) => ids.includes(lead_id));
    expect(claims).toHaveLength(1);
    expect(await tally(ids)).toEqual({ winners: 1, hints: 9999, skipped: 0, earlier: [claims[0]?.lead_id] });
    await Promise.all([one.end(), two.end()]);
  });

  it('e-mail and phone claimed by two leads at once: nobody ends up with half of both', async () => {
    const [one, two] = await Promise.all([world.fork(), world.fork()]);
    for (let time = 0; time < 40; time += 1) {
      const email = `cross-${time}@example.com`;
      const phone = `+1202555${String(1000 + time)}`;
      const [a, b, c] = await world.leads('t1', [
        { email, phone },
        { email, phone: `+1303555${String(1000 + time)}` },
        { email: `other-${email}`, phone },
      ]);
      await Promise.all([one.decide([a as never]), two.decide([b as never], [c as never])]);
      const ids = [a, b, c] as LeadId[];
      const [ofA, ofB, ofC] = await Promise.all(ids.map(async (id) => (await world.row(id))['duplicate_of']));
      // Either a was first, and the others are its duplicates. Or one of them was; the other shares nothing with that one, and was first
      // too unless a, a duplicate, had claimed by then what was still free: their shared identity.
      const isHolder = ofA === null || [ofB, ofC].includes(a);
      if (ofA === null) expect([ofB, ofC]).toEqual([a, a]);
      else {
        const [first, other] = ofA === b ? [ofB, ofC] : [ofC, ofB];
        expect(first).toBeNull();
        expect([null, a]).toContain(other);
      }
      // Each of the four identities is claimed once, by a lead that no other lead with it was before.
      const claims = (await world.claims()).map(({ lead_id }) => lead_id);
      const held = ids.map((id) => claims.filter((holder) => holder === id).length);
      expect(held).toEqual([ofA === null ? 2 : isHolder ? 1 : 0, ofB === null ? 2 : 1, ofC === null ? 2 : 1]);
    }
    await Promise.all([one.end(), two.end()]);
  });

  it('a process that has the new key and one that has not yet: both claim under the key they share', async () => {
    const [one, two] = await Promise.all([
      world.fork({ ring: RING }),
      world.fork({ ring: { current: aKey('b'), previous: [RING.current] } }),
    ]);
    for (let time = 0; time < 20; time += 1) {
      const ids = await world.leads(
        't1',
        Array.from({ length: 10 }, () => ({ email: `rotation-${time}@example.com` })),
      );
      await Promise.all([one.decide(...jobsOf(ids.slice(0, 5), 1)), two.decide(...jobsOf(ids.slice(5), 1))]);
      expect(await tally(ids)).toMatchObject({ winners: 1, hints: 9, skipped: 0 });
    }
    await Promise.all([one.end(), two.end()]);
  });

  it('many leads with several identities each, in any order: no deadlock, no lead unchecked', async () => {
    const before = await deadlocks();
    const [one, two] = await Promise.all([world.fork(), world.fork()]);
    for (let time = 0; time < 60; time += 1) {
      const people = Array.from({ length: 30 }, (_, n) => ({
        email: `pair-${time}-${(n * 7) % 30}@example.com`,
        phone: `+1404${String(5550000 + time * 30 + ((n * 11) % 30))}`,
      }));
      const ids = await world.leads('t1', [...people, ...people.toReversed()]);
      await Promise.all([one.decide(ids.slice(0, 30)), two.decide(ids.slice(30))]);
      expect(await tally(ids)).toMatchObject({ skipped: 0, winners: expect.any(Number) as number });
    }
    expect(await deadlocks()).toBe(before);
    await Promise.all([one.end(), two.end()]);
  });

  it('an expired claim passes to exactly one of those who come', async () => {
    const [one, two] = await Promise.all([world.fork(), world.fork()]);
    for (let time = 0; time < 20; time += 1) {
      const email = `expired-${time}@example.com`;
      const first = await world.lead('t1', { email });
      await one.decide([first]);
      await world.pool.query(`update identity_claims set expires_at = clock_timestamp() - interval '1 s' where lead_id = $1`, [first]);
      const ids = await world.leads(
        't1',
        Array.from({ length: 12 }, () => ({ email })),
      );
      await Promise.all([one.decide(...jobsOf(ids.slice(0, 6), 2)), two.decide(...jobsOf(ids.slice(6), 2))]);
      expect(await tally(ids)).toMatchObject({ winners: 1, hints: 11, skipped: 0 });
    }
    await Promise.all([one.end(), two.end()]);
  });

  async function deadlocks(): Promise<number> {
    const { rows } = await world.pool.query<{ deadlocks: number }>(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    return rows[0]?.deadlocks ?? 0;
  }
});
