import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Arena } from '../support/arena.js';
import { seedOfRun, Seeded } from '../support/seeded.js';
import { Soak, SOAK_RETRY_BASE_SECONDS, type SoakWish } from './soak.js';

/** What scripts/soak.mjs asks for, as LEADGATE_TEST_SOAK. */
interface Wish extends SoakWish {
  readonly backend: 'both' | 'redis' | 'postgres';
  readonly rate: number;
  /** Where the result goes, and what was acknowledged. */
  readonly folder: string;
}

const DAY_MS = 86_400_000;

const wish = JSON.parse(process.env['LEADGATE_TEST_SOAK'] ?? 'null') as Wish | null;
const seed = seedOfRun();

it(
  'nothing acknowledged is lost, doubled or changed, and memory is flat',
  async () => {
    if (wish === null) throw new Error('Start it with: npm run soak');
    const backends = wish.backend === 'both' ? (['redis', 'postgres'] as const) : [wish.backend];
    const results: Record<string, unknown>[] = [];
    for (const backend of backends) {
      const arena = await Arena.open({
        backend,
        perSecond: wish.rate,
        retryBaseSeconds: SOAK_RETRY_BASE_SECONDS,
        acknowledgedFile: join(wish.folder, `acknowledged-${backend}.ndjson`),
      });
      try {
        results.push({ seed, ...(await new Soak(arena, wish, new Seeded(seed)).run()) });
      } finally {
        await arena.close();
        writeFileSync(join(wish.folder, 'report.json'), JSON.stringify({ seed, results }));
      }
    }
    expect(results.flatMap(({ findings }) => findings)).toEqual([]);
  },
  DAY_MS,
);
