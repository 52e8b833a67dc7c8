export interface QueueLimits {
  /** Ids that may stand in the queue of all of them together, as far as `least` allows. */
  readonly total: number;
  /** What one of them may have however few others there are. */
  readonly most: number;
  /** What is promised to whoever has less, also while the queue is full; it shrinks where so many ask that all of these were more than `total`. */
  readonly least: number;
}

/**
 * How much of the queue each may have, so that whoever comes next has at most `total` before its own.
 *
 * The free places go to those who have least, up to one common height: nobody loses what stands already, and whoever has all of its work
 * rung leaves the rest to the others. One place is counted for somebody who has not come yet, or the first of many would fill the queue before
 * anybody knows of the second.
 *
 * @param waiting what each of those has standing who have more work than is rung
 * @param others what everybody else has standing
 */
export function decideQueueShare({ total, most, least }: QueueLimits, waiting: readonly number[], others: number): number {
  const standing = [...waiting, 0];
  const filledTo = (height: number): number => standing.reduce((sum, one) => sum + Math.max(one, height), others);
  const promised = Math.max(1, Math.min(least, Math.floor(total / standing.length)));
  let [low, high] = [promised, most];
  while (low < high) {
    const height = Math.ceil((low + high) / 2);
    if (filledTo(height) <= total) low = height;
    else high = height - 1;
  }
  return low;
}
