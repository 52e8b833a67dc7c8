/**
 * Of a moment that was so many seconds ahead when it was written.
 * @param found seconds that it is ahead now
 * @param began performance.now() before whatever wrote it
 */
export function expectAhead(found: number | null | undefined, seconds: number, began: number): void {
  const passed = (performance.now() - began) / 1000;
  expect(found).toBeLessThanOrEqual(seconds + 0.5);
  expect(found).toBeGreaterThan(seconds - 0.5 - passed);
}
