import { decideQueueShare } from './queue-share.js';

const LIMITS = { total: 2000, most: 500, least: 20 };
const times = (count: number, standing: number): number[] => Array.from({ length: count }, () => standing);

describe('the share of the queue', () => {
  it.each([
    { description: 'nobody waits', waiting: [], others: 0, share: 500 },
    { description: 'one has far more than is rung', waiting: [0], others: 0, share: 500 },
    { description: 'one has all it may, and goes on waiting', waiting: [500], others: 0, share: 500 },
    { description: 'three wait', waiting: times(3, 0), others: 0, share: 500 },
    { description: 'four wait, and a place is kept for a fifth', waiting: times(4, 0), others: 0, share: 400 },
    { description: 'sixty wait', waiting: times(60, 0), others: 0, share: 32 },
    { description: 'those who have all their work rung leave the rest to one that waits', waiting: [0], others: 400, share: 500 },
    { description: 'they have more than half of the queue', waiting: [0], others: 1200, share: 400 },
    { description: 'who has more than the others keeps it, and they share what is free', waiting: [500, 500, 0], others: 0, share: 500 },
    { description: 'the same with less that is free', waiting: [500, 500, 500, 0], others: 100, share: 200 },
    { description: 'the queue is full: one job’s worth', waiting: times(4, 500), others: 0, share: 20 },
    { description: 'it is full of what nobody waits behind', waiting: [], others: 5000, share: 20 },
    { description: 'a thousand wait: less than a job’s worth each', waiting: times(1000, 0), others: 0, share: 1 },
    { description: 'more wait than there is room for', waiting: times(5000, 0), others: 0, share: 1 },
  ])('$description: $share', ({ waiting, others, share }) => {
    expect(decideQueueShare(LIMITS, waiting, others)).toBe(share);
  });

  it.each([1, 3, 4, 5, 19, 60, 99, 100, 101, 400, 1999])('%i who come at once stand there with at most the total', (count) => {
    const share = decideQueueShare(LIMITS, times(count, 0), 0);
    expect(count * share).toBeLessThanOrEqual(LIMITS.total);
    // And nothing is given away: one place is kept free, and a remainder that does not go up.
    if (share < LIMITS.most && share > LIMITS.least) expect((count + 1) * (share + 1)).toBeGreaterThan(LIMITS.total);
  });

  it('does not grow past a few thousand when a thousand come one after the other and nothing is decided', () => {
    const standing: number[] = [];
    for (let count = 0; count < 1000; count += 1) {
      standing.push(0);
      const share = decideQueueShare(LIMITS, standing, 0);
      for (const [index, one] of standing.entries()) standing[index] = Math.max(one, share);
    }
    expect(standing.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(4 * LIMITS.total);
  });
});
