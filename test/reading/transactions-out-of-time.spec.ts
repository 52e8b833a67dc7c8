import { createPrismaClient, isDatabaseUnavailable } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';

let database: TestDatabase;
let prisma: ReturnType<typeof createPrismaClient>;

beforeAll(async () => {
  database = await createTestDatabase();
  prisma = createPrismaClient({ url: database.url, applicationName: 'transactions-spec', max: 1, ...UNHURRIED });
});
afterAll(async () => {
  await prisma.$disconnect();
  await database.drop();
});

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined).catch((error: unknown) => error);

describe('a read that Prisma breaks off counts as a database that is away: whoever asked may ask again', () => {
  it('because its transaction got no connection in time', async () => {
    await prisma.$transaction(
      async (first) => {
        await first.$queryRaw`select 1`;
        const failure = await failureOf(prisma.$transaction((second) => second.$queryRaw`select 1`, { maxWait: 50 }));
        expect(failure).toMatchObject({ code: 'P2028' });
        expect(isDatabaseUnavailable(failure)).toBe(true);
      },
      { maxWait: 60_000, timeout: 60_000 },
    );
  });

  it('because its transaction took too long', async () => {
    const failure = await failureOf(
      prisma.$transaction(
        async (transaction) => {
          await transaction.$queryRaw`select 1 from pg_sleep(0.2)`;
          await transaction.$queryRaw`select 1`;
        },
        { maxWait: 60_000, timeout: 50 },
      ),
    );
    expect(failure).toMatchObject({ code: 'P2028' });
    expect(isDatabaseUnavailable(failure)).toBe(true);
  });

  it('but not one that was used after its end: that is a fault of ours, and nobody has to come again for it', async () => {
    const ended = await prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`select 1`;
      return { transaction };
    });
    const failure = await failureOf(ended.transaction.$queryRaw`select 1`);
    expect(failure).toMatchObject({ code: 'P2028' });
    expect(isDatabaseUnavailable(failure)).toBe(false);
  });
});
