import { isPersonName } from '#policy';
import { NAME_CASES } from '../fixtures/name-quality.js';

describe('a text is taken for the name of a person as the replaced systems did', () => {
  it.each(NAME_CASES)('$id ($name): $expect', ({ name, expect: is }) => expect(isPersonName(name)).toBe(is));

  it.each([
    'Ronald McDonald',
    'J. Smith',
    'J.R.R. Tolkien',
    'Ludwig van Beethoven',
    'María José de la Cruz',
    'Иван Петров',
    'محمد علي',
    'दीपिका पादुकोण',
    '王小明',
    '山田 太郎',
    '김민수',
    'ნინო ბერიძე',
    'Robert "Bob" Downey Jr.',
    'Maria Sales',
    'Lee General',
  ])('takes %s', (name) => expect(isPersonName(name)).toBe(true));

  it.each([
    'Leasing Office',
    'The Support Team',
    'sales TEAM',
    'John@Doe Smith',
    'John | Smith',
    'John/Jane Smith',
    'John \\ Smith',
    'A'.repeat(201),
    '- -',
    '',
  ])('does not take %s', (name) => expect(isPersonName(name)).toBe(false));
});
