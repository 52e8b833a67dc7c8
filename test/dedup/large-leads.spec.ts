import { createGuardWorld, type GuardWorld } from './support/guard-world.js';

describe('large leads', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  it('a transaction of decisions carries 2 MiB at most, however many leads wait', async () => {
    const note = 'x'.repeat(300 * 1024);
    const ids = await world.leads(
      't1',
      Array.from({ length: 40 }, (_, n) => ({ email: `large-${n}@example.com`, extra: { note } })),
    );
    await world.process().decide(...ids);
    const { rows } = await world.pool.query<{ leads: number }>(
      `select count(*)::int as leads from leads where id = any($1::uuid[]) and status = 'KEPT' group by xmin::text`,
      [ids],
    );
    expect(rows.reduce((sum, { leads }) => sum + leads, 0)).toBe(40);
    expect(Math.max(...rows.map(({ leads }) => leads))).toBeLessThanOrEqual(6);
  });
});
