import { Slots } from './slots.js';

/** How many of the waiting were admitted. */
async function admitted(waiting: readonly Promise<void>[]): Promise<number> {
  const done = await Promise.all(waiting.map((one) => Promise.race([one.then(() => 1), Promise.resolve(0)])));
  return done.reduce<number>((sum, n) => sum + n, 0);
}

describe('Slots', () => {
  it('admits as many as there are and the next when one leaves', async () => {
    const slots = new Slots(2);
    const waiting = [slots.acquire(), slots.acquire(), slots.acquire()];
    await Promise.all(waiting.slice(0, 2));
    expect(await admitted(waiting.slice(2))).toBe(0);
    slots.release();
    await waiting[2];
  });

  it('admits in the order they came', async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const all = [1, 2, 3].map(async (n) => {
      await slots.acquire();
      order.push(n);
      slots.release();
    });
    await Promise.all(all);
    expect(order).toEqual([1, 2, 3]);
  });

  it('grows at once and shrinks as holders leave', async () => {
    const slots = new Slots(1);
    await slots.acquire();
    const second = slots.acquire();
    slots.resize(2);
    await second;
    slots.resize(1);
    const third = slots.acquire();
    slots.release();
    expect(await admitted([third])).toBe(0);
    slots.release();
    await third;
  });
});
