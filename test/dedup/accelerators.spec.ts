import pg from 'pg';
import { pino } from 'pino';
import type { LeadId } from '#core';
import { AcceleratedClaimIndex, PgBloomClaims, PgUncheckedLeads, RedisClaims } from '#dedup';
import { type CacheRedis, startCacheRedis } from '../support/cache-redis.js';
import { eventually } from '../support/eventually.js';
import { hasTestRedis } from '../support/test-redis.js';
import { createGuardWorld, type GuardWorld, type InProcess } from './support/guard-world.js';

// 240 leads, one after the other, with and without accelerators take minutes on a machine that has much else to do.
jest.setTimeout(900_000);

type Name = 'bloom' | 'redis';
const ALL: readonly (readonly Name[])[] = [[], ['bloom'], ['redis'], ['bloom', 'redis']];
const COMBINATIONS = ALL.filter((names) => hasTestRedis || !names.includes('redis'));
const silent = pino({ level: 'silent' });

interface Accelerated extends InProcess {
  /** Looks that reached Postgres. */
  looks(): number;
  /** One round of every accelerator. */
  refresh(): Promise<void>;
  /** Until all of them can be asked. */
  warm(): Promise<void>;
}

let cache: CacheRedis | undefined;
beforeAll(async () => {
  if (hasTestRedis) cache = await startCacheRedis();
});
afterAll(async () => {
  cache?.thaw();
  await cache?.stop();
});

const closing: { close(): void }[] = [];
afterEach(() => {
  for (const one of closing.splice(0)) one.close();
});

/**
 * @param budgetMs that Redis has for an answer: not a gateway's 20, which a slow machine takes so often that the cache is given up before it is
 * warm; longer where looks at Postgres are counted, which is not to measure the machine at all
 */
function accelerated(world: GuardWorld, names: readonly Name[], budgetMs = 250): Accelerated {
  let looks = 0;
  let kept: { refresh(): Promise<void> }[] = [];
  let redis: RedisClaims | undefined;
  let bloom: PgBloomClaims | undefined;
  const process = world.process({
    over: (index, rings, pool) => {
      const look = index.look.bind(index);
      jest.spyOn(index, 'look').mockImplementation((query) => {
        looks += 1;
        return look(query);
      });
      if (names.length === 0) return index;
      const unchecked = new PgUncheckedLeads(pool);
      bloom = names.includes('bloom') ? new PgBloomClaims(pool, silent) : undefined;
      redis = names.includes('redis') ? new RedisClaims(cache?.url ?? '', pool, silent, budgetMs) : undefined;
      if (redis !== undefined) closing.push(redis);
      const filters = [bloom, redis].flatMap((filter) => filter ?? []);
      kept = [unchecked, ...filters];
      return new AcceleratedClaimIndex(index, rings, filters, unchecked);
    },
  });
  const nobody = [{ tenantId: 't1' as never, kind: 'email' as const, fingerprint: Buffer.alloc(32, 7) }];
  const refresh = async (): Promise<void> => {
    for (const one of kept) await one.refresh();
  };
  return {
    ...process,
    refresh,
    looks: () => looks,
    warm: () =>
      eventually('the accelerators can be asked', async () => {
        await refresh();
        const answers = [bloom?.mayBeHeld(nobody), await redis?.mayBeHeld(nobody)];
        return answers.includes(null) ? undefined : (true as never);
      }),
  };
}

/** People who come again in a random order that is the same for everybody. */
function crowd(people: number, leads: number): { email?: string; phone?: string }[] {
  let state = 42;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  return Array.from({ length: leads }, () => ({
    email: `person-${next(people)}@example.com`,
    ...(next(3) === 0 ? {} : { phone: `+1202555${1000 + next(people)}` }),
  }));
}

/** What was decided, with leads named by their place. */
async function decisions(world: GuardWorld, ids: readonly LeadId[]): Promise<object[]> {
  const { rows } = await world.pool.query<{ id: LeadId; decision: string; duplicate_of: LeadId | null; skipped: boolean }>(
    `select id, decision, duplicate_of, duplicate_check_skipped as skipped from leads where id = any($1::uuid[]) order by id`,
    [ids],
  );
  return rows.map(({ id, decision, duplicate_of, skipped }) => ({
    lead: ids.indexOf(id),
    decision,
    duplicateOf: duplicate_of === null ? null : ids.indexOf(duplicate_of),
    skipped,
  }));
}

const LEADS = crowd(60, 240);
let expected: object[] | undefined;

/** The decisions without accelerators, taken one after the other by two processes in turn. */
async function expectedDecisions(): Promise<object[]> {
  expected ??= await inTurns([]);
  return expected;
}

async function inTurns(
  names: readonly Name[],
  between: (lead: number, processes: readonly Accelerated[]) => Promise<void> | void = () => {},
) {
  await cache?.flush();
  const world = await createGuardWorld();
  try {
    const processes = [accelerated(world, names), accelerated(world, names)];
    for (const process of processes) await process.warm();
    const ids = await world.leads('t1', LEADS);
    for (const [n, id] of ids.entries()) {
      await between(n, processes);
      await processes[n % 2]?.decide(id);
    }
    return await decisions(world, ids);
  } finally {
    for (const one of closing.splice(0)) one.close();
    await world.end();
  }
}

describe.each(COMBINATIONS)('the duplicate check with %s %s', (...names) => {
  const combination = names.filter((name) => name !== undefined);

  it('decides as Postgres alone does, over two processes that tell each other nothing', async () => {
    expect(await inTurns(combination)).toEqual(await expectedDecisions());
  });

  describe('in one world', () => {
    let world: GuardWorld;
    beforeAll(async () => {
      await cache?.flush();
      world = await createGuardWorld();
    });
    afterAll(() => world.end());

    const decided = async (process: InProcess, payload: object): Promise<LeadId> => {
      const id = await world.lead('t1', payload);
      await process.decide(id);
      return id;
    };

    it('any number of equals at once: one winner', async () => {
      const processes = [accelerated(world, combination), accelerated(world, combination)];
      for (const process of processes) await process.warm();
      const ids = await world.leads(
        't1',
        Array.from({ length: 300 }, () => ({ email: 'at-once@example.com', phone: '+12025550177' })),
      );
      await Promise.all(ids.map((id, n) => processes[n % 2]?.decide(id)));
      const rows = await decisions(world, ids);
      // On a machine that is busy a look may take longer than it may; who was not checked is nobody's winner.
      const checked = rows as { duplicateOf: number | null; skipped: boolean }[];
      expect(checked.filter(({ duplicateOf, skipped }) => duplicateOf === null && !skipped)).toHaveLength(1);
    });

    it('one that was claimed before this process began', async () => {
      const first = await decided(world.process(), { email: 'before@example.com' });
      const process = accelerated(world, combination);
      await process.warm();
      expect(await world.row(await decided(process, { email: 'before@example.com' }))).toMatchObject({ duplicate_of: first });
    });

    it('one that went on without its check counts as the earlier lead, also where only another process knows of it', async () => {
      const process = accelerated(world, combination);
      await process.warm();
      const lock = new pg.Client({ connectionString: world.url });
      await lock.connect();
      await lock.query('begin');
      await lock.query('lock table identity_claims in access exclusive mode');
      const flagged = await decided(world.process(), { email: `unchecked@example.com` });
      await lock.query('rollback');
      await lock.end();
      expect(await world.row(flagged)).toMatchObject({ duplicate_check_skipped: true });
      expect(await world.row(await decided(process, { email: `unchecked@example.com` }))).toMatchObject({ duplicate_of: flagged });
      await world.pool.query(`update leads set duplicate_check_skipped = false where id = $1`, [flagged]);
    });

    it('a locked index: leads go on flagged', async () => {
      const process = accelerated(world, combination);
      await process.warm();
      const lock = new pg.Client({ connectionString: world.url });
      await lock.connect();
      await lock.query('begin');
      await lock.query('lock table identity_claims in access exclusive mode');
      const flagged = await decided(process, { email: 'locked@example.com' });
      await lock.query('rollback');
      await lock.end();
      expect(await world.row(flagged)).toMatchObject({ duplicate_check_skipped: true, duplicate_of: null });
      await world.pool.query(`update leads set duplicate_check_skipped = false where id = $1`, [flagged]);
    });

    it(`asks Postgres ${combination.length === 0 ? 'about everybody' : 'only about those who seem to be known'}`, async () => {
      await world.pool.query('update leads set duplicate_check_skipped = false where duplicate_check_skipped');
      const process = accelerated(world, combination, 10_000);
      await process.warm();
      for (let n = 0; n < 20; n += 1) await decided(process, { email: `new-${n}@example.com` });
      expect(process.looks()).toBe(combination.length === 0 ? 20 : 0);
      await decided(process, { email: 'new-3@example.com' });
      expect(process.looks()).toBe(combination.length === 0 ? 21 : 1);
    });
  });
});

const withRedis = COMBINATIONS.filter((names) => names.includes('redis'));
(withRedis.length === 0 ? describe.skip : describe.each(withRedis))('Redis in trouble in the middle of a run, with %s %s', (...names) => {
  const combination = names.filter((name) => name !== undefined);

  it('stopped: no decision changes', async () => {
    expect(
      await inTurns(combination, async (lead) => {
        if (lead === 60) await cache?.stop();
        if (lead === 180) await cache?.start();
      }),
    ).toEqual(await expectedDecisions());
  });

  it('flushed: no decision changes', async () => {
    expect(
      await inTurns(combination, async (lead) => {
        if (lead % 50 === 49) await cache?.flush();
      }),
    ).toEqual(await expectedDecisions());
  });

  it('frozen: no decision changes', async () => {
    expect(
      await inTurns(combination, (lead) => {
        if (lead === 60) cache?.freeze();
        if (lead === 180) cache?.thaw();
      }),
    ).toEqual(await expectedDecisions());
  });
});

(hasTestRedis ? describe : describe.skip)('the cache in Redis', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  it('is filled anew from Postgres after it forgot, and is not asked until then', async () => {
    await cache?.flush();
    await world.process().decide(...(await world.leads('t1', crowd(500, 60))));
    const process = accelerated(world, ['redis']);
    await process.warm();
    const filled = (await cache?.keys()) ?? 0;
    expect(filled).toBeGreaterThan(60);
    await cache?.flush();
    await process.refresh();
    await process.warm();
    expect(await cache?.keys()).toBe(filled);
  });

  it.each([
    ['without a limit', { maxmemory: '0' }],
    ['that evicts nothing', { 'maxmemory-policy': 'noeviction' }],
  ])('is not used in a Redis %s', async (_what, settings) => {
    const other = await startCacheRedis(settings);
    const claims = new RedisClaims(other.url, world.pool, silent);
    try {
      await claims.refresh();
      await claims.refresh();
      expect(await claims.mayBeHeld([{ tenantId: 't1' as never, kind: 'email', fingerprint: Buffer.alloc(32) }])).toBeNull();
      expect(await other.keys()).toBe(0);
    } finally {
      claims.close();
      await other.stop();
    }
  });
});

describe('the Bloom filter in Postgres', () => {
  let world: GuardWorld;
  beforeAll(async () => {
    world = await createGuardWorld();
  });
  afterAll(() => world.end());

  it('follows the claims of other processes, and is made anew when it is full', async () => {
    const other = world.process();
    const bloom = new PgBloomClaims(world.pool, silent, 50);
    await bloom.refresh();
    expect(bloom.warm).toBe(true);
    await other.decide(...(await world.leads('t1', crowd(40, 20))));
    await bloom.refresh();
    const held = await world.claims();
    const keys = (claims: typeof held) =>
      claims.map(({ tenant_id, kind, fingerprint }) => ({ tenantId: tenant_id as never, kind: kind as never, fingerprint }));
    for (const key of keys(held)) expect(bloom.mayBeHeld([key])).toBe(true);
    await other.decide(...(await world.leads('t2', crowd(400, 60))));
    await bloom.refresh();
    expect(bloom.warm).toBe(false);
    await eventually('it is warm again', async () => {
      await bloom.refresh();
      return bloom.warm ? true : undefined;
    });
    for (const key of keys(await world.claims())) expect(bloom.mayBeHeld([key])).toBe(true);
  });
});
