import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { firstIdAt } from './time-of-id.js';

describe('firstIdAt', () => {
  it('is not after any id of its millisecond and after every id of the one before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 47 }), (msecs) => {
        expect(firstIdAt(msecs) <= uuidv7({ msecs })).toBe(true);
        expect(firstIdAt(msecs) > uuidv7({ msecs: msecs - 1 })).toBe(true);
      }),
    );
  });

  it.each([-1, -62135596800000])('stays an id before 1970: %d', (msecs) => {
    expect(firstIdAt(msecs)).toBe('00000000-0000-7000-8000-000000000000');
  });

  it('stays an id in the far future', () => {
    expect(firstIdAt(8.64e15)).toBe('ffffffff-ffff-7000-8000-000000000000');
  });
});
