import { preferredWaitSeconds } from './preferred-wait.js';

it.each([
  [null, null],
  ['', null],
  ['wait=2', 2],
  ['wait=1', 1],
  ['wait=10', 10],
  ['wait=11', 10],
  ['wait=999999999', 10],
  ['wait=0', null],
  ['wait=-1', null],
  ['wait=1.5', null],
  ['wait=soon', null],
  ['wait', null],
  ['Wait = 3', 3],
  ['wait="4"', 4],
  ['respond-async, wait=5', 5],
  ['wait=6; foo=bar, return=minimal', 6],
  ['wait=7, wait=1', 7],
  ['await=2', null],
  ['return=minimal', null],
])('Prefer: %s is %s', (header, seconds) => {
  expect(preferredWaitSeconds(header)).toBe(seconds);
});
