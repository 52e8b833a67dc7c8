import fc from 'fast-check';
import { MAX_DATAGRAM_BYTES, packDatagrams } from './pack-datagrams.js';

const group = fc.record({
  lines: fc.array(fc.stringMatching(/^leg\.[a-z_]{1,40}:[0-9]{1,6}\|c$/), { minLength: 1, maxLength: 6 }),
  decisions: fc.integer({ min: 0, max: 1000 }),
});

describe('packing lines into datagrams', () => {
  it('keeps every line and every count, in order, and no datagram is too large', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 200 }), (groups) => {
        const datagrams = packDatagrams(groups);
        expect(datagrams.map(({ text }) => text).join('\n')).toBe(groups.flatMap(({ lines }) => lines).join('\n'));
        expect(datagrams.reduce((sum, { decisions }) => sum + decisions, 0)).toBe(
          groups.reduce((sum, { decisions }) => sum + decisions, 0),
        );
        for (const { text } of datagrams) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
      }),
    );
  });

  it('fills a datagram to its last byte', () => {
    const groups = [
      { lines: ['aaaa', 'bb'], decisions: 1 },
      { lines: ['cc'], decisions: 1 },
      { lines: ['d'], decisions: 1 },
    ];
    expect(packDatagrams(groups, 10)).toEqual([
      { text: 'aaaa\nbb\ncc', decisions: 2 },
      { text: 'd', decisions: 1 },
    ]);
  });

  it('makes nothing of nothing', () => expect(packDatagrams([])).toEqual([]));
});
