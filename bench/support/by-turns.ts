import { median, rounded } from './statistics.js';

interface Turns<Way extends string> {
  readonly rounds: number;
  readonly ways: readonly Way[];
  readonly say: (line: string) => void;
}

/**
 * Measures each way once a round, every other round in reverse, so that what else the machine does meets all of them alike.
 * @param p95Of measures one, in milliseconds
 * @returns of each way one figure per round
 */
export async function byTurns<Way extends string>(
  { rounds, ways, say }: Turns<Way>,
  p95Of: (way: Way) => Promise<number>,
): Promise<Record<Way, number[]>> {
  const seen = Object.fromEntries(ways.map((way) => [way, [] as number[]])) as Record<Way, number[]>;
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of round % 2 === 1 ? ways : [...ways].reverse()) {
      const p95 = await p95Of(way);
      seen[way].push(p95);
      say(`round ${round}/${rounds} ${way.padEnd(6)} p95 ${rounded(p95, 1)} ms`);
    }
  }
  return seen;
}

interface BesideToAlone {
  readonly alone_p95_ms: number;
  readonly beside_p95_ms: number;
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/** Medians, and the ratio within each round: its two halves follow each other, and what else the machine does changes from round to round. */
export function besideToAlone({ alone, beside }: Readonly<Record<'alone' | 'beside', readonly number[]>>): BesideToAlone {
  const ratios = beside.map((p95, round) => p95 / (alone[round] ?? Number.NaN));
  return {
    alone_p95_ms: rounded(median([...alone]), 1),
    beside_p95_ms: rounded(median([...beside]), 1),
    ratio: rounded(median([...ratios]), 3),
    ratios: ratios.map((ratio) => rounded(ratio, 3)),
  };
}
