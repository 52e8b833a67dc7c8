import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Metrics } from '#platform';
import { growthOf, heapOf, type Sample } from './memory.js';

const MINUTES = 10;
const EVERY_MINUTES = 0.1;

/** A heap that fills by 12 MB between two collections, of which one falls into every fourth sample. @param kept after each, by the minute */
function samples(kept: (minute: number) => number, minutes = MINUTES): Sample[] {
  return Array.from({ length: Math.round(minutes / EVERY_MINUTES) }, (_, n) => {
    const minute = n * EVERY_MINUTES;
    return { minute, resident: 300, heap: { oldMegabytes: kept(minute) + (n % 4) * 4, collections: n >> 2 } };
  });
}

describe('what a gateway keeps', () => {
  it('grows by what stays after each collection, whatever lies between them', () => {
    expect(growthOf(samples(() => 60))).toBe(0);
    expect(growthOf(samples((minute) => 60 + 5 * minute))).toBeCloseTo(5, 0);
  });

  it('is not judged by one collection that came late, nor by what fills caches in the first minutes', () => {
    const late = samples(() => 60).map((sample, n) => (n === 96 ? { ...sample, heap: { oldMegabytes: 110, collections: 24 } } : sample));
    expect(growthOf(late)).toBe(0);
    expect(growthOf(samples((minute) => Math.min(20 + 20 * minute, 80)))).toBe(0);
  });

  it('is not said of a run with too few collections, nor where nobody answered', () => {
    expect(growthOf(samples(() => 60, 2))).toBeNull();
    expect(growthOf(samples(() => 60).map((sample) => ({ ...sample, heap: null })))).toBeNull();
    expect(growthOf([])).toBeNull();
  });

  it('is read from the metrics of a gateway', async () => {
    const metrics = new Metrics();
    const server = createServer((_request, response) => void metrics.registry.metrics().then((text) => response.end(text)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const heap = await heapOf(url);
      expect(heap?.oldMegabytes).toBeGreaterThan(1);
      expect(heap?.collections).toBeGreaterThanOrEqual(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect(await heapOf(url)).toBeNull();
  });
});
