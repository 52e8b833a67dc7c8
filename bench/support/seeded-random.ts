/** Numbers from 0 (included) to 1 (excluded), the same for the same seed. Mulberry32: small, seedable, good enough to vary names. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A random source for one of many things of one seed. */
export function seededRandomFor(seed: number, number: number): Random {
  return seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
}

export const wholeBelow = (random: Random, limit: number): number => Math.floor(random() * limit);

export const pick = <T>(random: Random, choices: readonly [T, ...T[]]): T => choices[wholeBelow(random, choices.length)] ?? choices[0];
