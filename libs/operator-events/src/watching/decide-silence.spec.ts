import { decideSilence, type HeardInHour, usualLeads } from './decide-silence.js';

const anHour = (hour: Partial<HeardInHour> = {}): HeardInHour => ({
  heard: 0,
  share: 1,
  sameHourOfWeek: [100, 120, 80],
  sameHourOfDay: [],
  wasSilent: false,
  ...hour,
});

describe('what is usual for a source', () => {
  it.each([
    { description: 'the median of the same hour of the week', weeks: [100, 5, 120], days: [1, 1, 1], usual: 100 },
    { description: 'of an even number of weeks the middle between two', weeks: [100, 50], days: [], usual: 75 },
    { description: 'the weakest day before two weeks are known', weeks: [100], days: [90, 30, 80], usual: 30 },
    { description: 'nothing before three days are known', weeks: [], days: [90, 80], usual: null },
  ])('$description', ({ weeks, days, usual }) => {
    expect(usualLeads({ sameHourOfWeek: weeks, sameHourOfDay: days })).toBe(usual);
  });
});

describe('a source that falls silent', () => {
  it.each([
    { description: 'nothing where 100 are usual', hour: anHour(), says: 'silent' },
    { description: 'a tenth of what is usual', hour: anHour({ heard: 10 }), says: 'silent' },
    { description: 'more than a tenth', hour: anHour({ heard: 11 }), says: 'unchanged' },
    { description: 'a quarter of an hour with nothing, 25 expected', hour: anHour({ share: 0.25 }), says: 'silent' },
    { description: 'too early in the hour to tell', hour: anHour({ share: 0.19 }), says: 'unchanged' },
    { description: 'two leads a week never alarm', hour: anHour({ sameHourOfWeek: [2, 2, 2, 2, 2] }), says: 'unchanged' },
    { description: '19 an hour are too few to tell', hour: anHour({ sameHourOfWeek: [19, 19] }), says: 'unchanged' },
    { description: 'a source that is new', hour: anHour({ sameHourOfWeek: [], sameHourOfDay: [] }), says: 'unchanged' },
    { description: 'a night that is always quiet', hour: anHour({ sameHourOfWeek: [0, 0, 0] }), says: 'unchanged' },
  ])('$description', ({ hour, says }) => {
    expect(decideSilence(hour)).toBe(says);
  });
});

describe('a silent source is heard again', () => {
  it.each([
    { description: 'still nothing', hour: anHour({ wasSilent: true }), says: 'unchanged' },
    { description: 'a few, at the edge of silence', hour: anHour({ wasSilent: true, heard: 15 }), says: 'unchanged' },
    { description: 'a third of what is usual', hour: anHour({ wasSilent: true, heard: 33 }), says: 'heard' },
    {
      description: 'one lead in an hour that is always quiet',
      hour: anHour({ wasSilent: true, heard: 1, sameHourOfWeek: [1, 0, 2] }),
      says: 'heard',
    },
    {
      description: 'nothing in an hour that is always quiet',
      hour: anHour({ wasSilent: true, sameHourOfWeek: [0, 0] }),
      says: 'unchanged',
    },
  ])('$description', ({ hour, says }) => {
    expect(decideSilence(hour)).toBe(says);
  });
});
