import { createHash } from 'node:crypto';
import { BloomFilter, bloomSizeOf } from './bloom-filter.js';

const fingerprint = (text: string): Buffer => createHash('sha256').update(text).digest();

describe('the Bloom filter of claims', () => {
  it.each([
    [2_000_000, 0.001, { bits: 28_755_175, hashes: 9 }],
    [500_000, 0.001, { bits: 7_188_793, hashes: 9 }],
  ])('has for %d items at %d the size of the guard it replaces', (items, rate, size) => {
    expect(bloomSizeOf(items, rate)).toEqual(size);
  });

  it('has everything that was added, and little else', () => {
    const filter = new BloomFilter(20_000, 0.001);
    for (let n = 0; n < 20_000; n += 1) filter.add(fingerprint(`in ${n}`));
    for (let n = 0; n < 20_000; n += 1) expect(filter.mayHave(fingerprint(`in ${n}`))).toBe(true);
    let wrong = 0;
    for (let n = 0; n < 20_000; n += 1) if (filter.mayHave(fingerprint(`out ${n}`))) wrong += 1;
    expect(wrong).toBeLessThan(60);
  });

  it('counts what was new to it', () => {
    const filter = new BloomFilter(1000, 0.001);
    for (const text of ['a', 'b', 'a', 'b', 'c']) filter.add(fingerprint(text));
    expect(filter.count).toBe(3);
  });
});
