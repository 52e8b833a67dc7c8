import { decideTelling, gapAfter } from './decide-telling.js';

describe('operators are told without storms', () => {
  const cases = [
    {
      description: 'a quiet minute: everything one by one',
      turns: 3,
      due: 3,
      calledInMinute: 0,
      summarised: false,
      send: 3,
      summarise: false,
    },
    { description: 'up to the limit', turns: 50, due: 80, calledInMinute: 20, summarised: false, send: 10, summarise: false },
    {
      description: 'at the limit: one summary of the rest',
      turns: 40,
      due: 70,
      calledInMinute: 30,
      summarised: false,
      send: 0,
      summarise: true,
    },
    {
      description: 'summarised a moment ago: the rest waits',
      turns: 5,
      due: 5,
      calledInMinute: 31,
      summarised: true,
      send: 0,
      summarise: false,
    },
    { description: 'a minute later it is little again', turns: 5, due: 5, calledInMinute: 0, summarised: false, send: 5, summarise: false },
    {
      description: 'at the limit with nothing to tell',
      turns: 0,
      due: 0,
      calledInMinute: 30,
      summarised: false,
      send: 0,
      summarise: false,
    },
  ];
  it.each(cases)('$description', ({ turns, due, calledInMinute, summarised, send, summarise }) => {
    expect(decideTelling({ turns, due, calledInMinute, summarisedInMinute: summarised }, 30)).toEqual({ send, summarise });
  });
});

describe('a call that failed is repeated for about a day', () => {
  it('soon at first, then seldom, then not any more', () => {
    const gaps = Array.from({ length: 11 }, (_, index) => gapAfter(index + 1, null));
    expect(gaps.slice(0, 3)).toEqual([5, 30, 120]);
    expect(gaps.at(-1)).toBeNull();
    expect(gaps.reduce<number>((sum, gap) => sum + (gap ?? 0), 0)).toBe(85_355);
  });
  it('not before the receiver wants it, within reason', () => {
    expect(gapAfter(1, 60)).toBe(60);
    expect(gapAfter(1, 1e9)).toBe(3600);
    expect(gapAfter(4, 60)).toBe(600);
    expect(gapAfter(11, 60)).toBeNull();
  });
});
