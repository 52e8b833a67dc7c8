import { seededRandomFor, wholeBelow } from '../support/seeded-random.js';

/** What a lead of the guard's benchmark is, by its label. */
export const LEAD_KINDS = ['clean', 'dirty', 'broken', 'near_duplicate', 'edge_case', 'exact_duplicate'] as const;
export type LeadKind = (typeof LEAD_KINDS)[number];

/** Of every 200 leads: 62.5 %, 20 %, 7 %, 5 %, 3 % and 2.5 %. */
const PER_BLOCK: Readonly<Record<LeadKind, number>> = {
  clean: 125,
  dirty: 40,
  broken: 14,
  near_duplicate: 10,
  edge_case: 6,
  exact_duplicate: 5,
};
export const BLOCK = 200;

const COPIES: readonly LeadKind[] = ['near_duplicate', 'exact_duplicate'];
const ORIGINALS: readonly LeadKind[] = ['clean', 'dirty'];
/** A copy follows its original after so many leads at most. */
const FARTHEST = 20_000;
const KEPT_BLOCKS = 256;

/** The kind of each lead and the original of each copy, computed from the seed and the number alone: nothing is kept but a few shuffled blocks. */
export class LeadKinds {
  private readonly blocks = new Map<number, readonly LeadKind[]>();

  constructor(private readonly seed: number) {}

  kindOf(number: number): LeadKind {
    return this.block(Math.floor(number / BLOCK))[number % BLOCK] as LeadKind;
  }

  /** The earlier clean or dirty lead that lead `number` is a copy of; null when it is no copy. */
  originalOf(number: number): number | null {
    if (!COPIES.includes(this.kindOf(number))) return null;
    const random = seededRandomFor(this.seed ^ 0x0c0b1e5, number);
    let original = Math.max(0, number - 1 - wholeBelow(random, Math.min(number, FARTHEST)));
    // The first block begins with what is no copy, so the way down ends at the latest there.
    while (!ORIGINALS.includes(this.kindOf(original))) original = original === 0 ? number - 1 : original - 1;
    return original;
  }

  private block(index: number): readonly LeadKind[] {
    const known = this.blocks.get(index);
    if (known !== undefined) return known;
    const kinds = LEAD_KINDS.flatMap((kind) => Array.from({ length: PER_BLOCK[kind] }, () => kind));
    const random = seededRandomFor(this.seed, -1 - index);
    for (let at = kinds.length - 1; at > 0; at -= 1) {
      const other = wholeBelow(random, at + 1);
      [kinds[at], kinds[other]] = [kinds[other] as LeadKind, kinds[at] as LeadKind];
    }
    // Copies in the first block come last: each has something to copy.
    if (index === 0) kinds.sort((a, b) => Number(COPIES.includes(a)) - Number(COPIES.includes(b)));
    if (this.blocks.size >= KEPT_BLOCKS) this.blocks.delete(this.blocks.keys().next().value as number);
    this.blocks.set(index, kinds);
    return kinds;
  }
}
