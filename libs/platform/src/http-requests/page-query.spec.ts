import { pageOf } from './page-query.js';

const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `id-${n + 1}` }));

it.each([
  { description: 'nothing', found: 0, shown: 0, next: null },
  { description: 'less than a page', found: 2, shown: 2, next: null },
  { description: 'exactly a page, which is the last', found: 3, shown: 3, next: null },
  { description: 'more than a page', found: 4, shown: 3, next: 'id-3' },
])('$description', ({ found, shown, next }) => {
  expect(pageOf(rows(found), 3)).toEqual({ rows: rows(shown), next_cursor: next });
});
