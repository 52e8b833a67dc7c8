import { nearestName } from './nearest-name.js';

const NAMES = ['PORT', 'HOST', 'RATE_LIMIT_PER_MINUTE'];

describe('nearestName', () => {
  it.each([
    { description: 'two letters swapped', written: 'PROT', meant: 'PORT' },
    { description: 'a letter too many', written: 'POORT', meant: 'PORT' },
    { description: 'a letter missing', written: 'RATE_LIMIT_PER_MINTE', meant: 'RATE_LIMIT_PER_MINUTE' },
    { description: 'another case', written: 'host', meant: 'HOST' },
    { description: 'the first of two that are equally near', written: 'HORT', meant: 'PORT' },
    { description: 'nothing near', written: 'COLOR', meant: undefined },
    { description: 'nothing written', written: '', meant: undefined },
  ])('$description', ({ written, meant }) => {
    expect(nearestName(written, NAMES)).toBe(meant);
  });
});
