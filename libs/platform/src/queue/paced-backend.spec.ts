import type { IQueueBackend } from 'bullmq';
import { paced } from './paced-backend.js';

/** A little less than the pause: a timer and performance.now() may differ by a moment. */
const LEAST_MS = 200;

function backendThat(moveToActive: () => Promise<unknown[]>): IQueueBackend {
  return paced(() => ({ moveToActive }) as unknown as IQueueBackend)('queue', { connection: {} });
}

describe('a queue that refuses its workers', () => {
  it('is asked again only after a moment, and the worker hears why it was refused', async () => {
    const refusal = new Error('database "leads" is not currently accepting connections');
    const backend = backendThat(() => Promise.reject(refusal));
    const began = performance.now();
    await expect(backend.moveToActive('token')).rejects.toBe(refusal);
    expect(performance.now() - began).toBeGreaterThan(LEAST_MS);
  });

  it('hands over a job as it is', async () => {
    const job = ['{}', '1', 0, 0];
    await expect(backendThat(async () => job).moveToActive('token')).resolves.toBe(job);
  });
});
