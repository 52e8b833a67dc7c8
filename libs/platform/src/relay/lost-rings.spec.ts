import { LostRings } from './lost-rings.js';

const SECOND = 1000;

describe('a ring without a result', () => {
  it('counts as lost after a minute', () => {
    expect(new LostRings().staleAfterSeconds(0)).toBe(60);
  });

  it('counts as lost at once if it is older than the loss of the queue, and only then', () => {
    const rings = new LostRings();
    expect(rings.sees('one', 0)).toBe(false);
    expect(rings.sees('one', 10 * SECOND)).toBe(false);
    expect(rings.staleAfterSeconds(10 * SECOND)).toBe(60);
    expect(rings.sees('two', 20 * SECOND)).toBe(true);
    expect(rings.staleAfterSeconds(20 * SECOND)).toBe(0);
    expect(rings.staleAfterSeconds(23 * SECOND)).toBe(3);
    expect(rings.staleAfterSeconds(200 * SECOND)).toBe(60);
  });

  it('does not count as lost because two servers answer in turns behind one address', () => {
    const rings = new LostRings();
    const seen = ['one', 'two', 'one', 'two', 'one'].map((server, second) => rings.sees(server, second * SECOND));
    expect(seen).toEqual([false, true, false, false, false]);
    expect(rings.staleAfterSeconds(40 * SECOND)).toBe(39);
  });

  it('counts as lost at once when a server comes back that was gone for longer than a ring is waited for', () => {
    const rings = new LostRings();
    rings.sees('one', 0);
    rings.sees('two', 10 * SECOND);
    rings.sees('two', 71 * SECOND);
    expect(rings.sees('one', 72 * SECOND)).toBe(true);
  });

  it('from before a doubt is left alone for five seconds more, because somebody may be at it', () => {
    const rings = new LostRings();
    rings.suspect(100 * SECOND);
    expect(rings.staleAfterSeconds(104 * SECOND)).toBe(60);
    expect(rings.staleAfterSeconds(105 * SECOND)).toBe(5);
    expect(rings.staleAfterSeconds(130 * SECOND)).toBe(30);
  });
});
