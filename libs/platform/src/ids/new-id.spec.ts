import { validate, version } from 'uuid';
import { newId } from './new-id.js';

it('makes UUIDv7 that differ and sort in the order they were made', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

it('says the moment it was made', () => {
  const before = Date.now();
  const made = Number.parseInt(newId().replace('-', '').slice(0, 12), 16);
  expect(made).toBeGreaterThanOrEqual(before);
  expect(made).toBeLessThanOrEqual(Date.now() + 1);
});

it('shares no random part between neighbours', () => {
  const tails = Array.from({ length: 1000 }, () => newId().slice(-12));
  expect(new Set(tails).size).toBe(tails.length);
});
