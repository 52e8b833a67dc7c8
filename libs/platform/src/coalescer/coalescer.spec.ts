import { Coalescer, WaitedTooLong } from './coalescer.js';

const sqlError = (code: string): Error => Object.assign(new Error(`SQLSTATE ${code}`), { code });

/** A flush under the test's control: each call waits until the test lets it go. */
function controlled() {
  const calls: { items: readonly string[]; finish: (error?: Error) => void }[] = [];
  const waiters: (() => void)[] = [];
  const flush = (items: readonly string[]): Promise<string[]> =>
    new Promise((resolve, reject) => {
      calls.push({ items, finish: (error) => (error ? reject(error) : resolve(items.map((item) => `${item}!`))) });
      for (const wake of waiters.splice(0)) wake();
    });
  const called = async (count: number): Promise<void> => {
    while (calls.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  return { calls, flush, called };
}

const coalescer = (flush: (items: readonly string[]) => Promise<readonly string[]>, bytes?: (item: string) => number) =>
  new Coalescer<string, string>({ name: 'test', flush, sortKey: (item) => item, ...(bytes ? { bytes } : {}) });

describe('Coalescer', () => {
  it('answers each submission with its own result, in sorted batches', async () => {
    const flushed: string[][] = [];
    const group = coalescer(async (items) => {
      flushed.push([...items]);
      return items.map((item) => `${item}!`);
    });
    const answers = await Promise.all(['c', 'a', 'b'].map((item) => group.submit(item)));
    expect(answers).toEqual(['c!', 'a!', 'b!']);
    expect(flushed).toEqual([['a', 'b', 'c']]);
  });

  it('has at most two flushes in flight and sends what came meanwhile together', async () => {
    const { calls, flush, called } = controlled();
    const group = coalescer(flush);
    const first = group.submit('1');
    await called(1);
    const second = group.submit('2');
    await called(2);
    const rest = [group.submit('3'), group.submit('4')];
    calls[0]?.finish();
    await first;
    await called(3);
    expect(calls.map(({ items }) => items)).toEqual([['1'], ['2'], ['3', '4']]);
    calls[1]?.finish();
    calls[2]?.finish();
    expect(await Promise.all([second, ...rest])).toEqual(['2!', '3!', '4!']);
  });

  it('rejects what waited too long for its turn, never writes it, and is idle afterwards', async () => {
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
    const { calls, flush, called } = controlled();
    const group = new Coalescer<string, string>({ name: 'test', flush, sortKey: (item) => item, maxWaitMs: 1000 });
    const written = [group.submit('1')];
    await called(1);
    written.push(group.submit('2'));
    await called(2);
    const late = group.submit('late');
    now = 1001;
    calls[0]?.finish();
    await expect(late).rejects.toThrow(WaitedTooLong);
    calls[1]?.finish();
    expect(await Promise.all(written)).toEqual(['1!', '2!']);
    await group.drain();
    expect(calls.flatMap(({ items }) => items)).toEqual(['1', '2']);
    clock.mockRestore();
  });

  it('counts the wait of an item from when its submitter began to wait', async () => {
    const { calls, flush, called } = controlled();
    const group = new Coalescer<string, string>({ name: 'test', flush, sortKey: (item) => item, maxWaitMs: 60_000 });
    const written = [group.submit('1')];
    await called(1);
    written.push(group.submit('2'));
    await called(2);
    written.push(group.submit('3'));
    const late = group.submit('late', performance.now() - 60_001);
    calls[0]?.finish();
    await expect(late).rejects.toThrow(WaitedTooLong);
    await called(3);
    for (const call of calls) call.finish();
    expect(await Promise.all(written)).toEqual(['1!', '2!', '3!']);
  });

  it('closes a batch at 100 rows and at 2 MiB', async () => {
    const sizes: number[] = [];
    const flush = async (items: readonly string[]): Promise<string[]> => {
      sizes.push(items.length);
      return [...items];
    };
    const many = coalescer(flush);
    await Promise.all(Array.from({ length: 250 }, (_, n) => many.submit(String(n))));
    expect(sizes.every((size) => size <= 100)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(250);

    sizes.length = 0;
    const heavy = coalescer(flush, () => 1024 * 1024);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => heavy.submit(item)));
    expect(Math.max(...sizes)).toBe(2);
  });

  it('lets a single item larger than the limit through', async () => {
    const group = coalescer(
      async (items) => [...items],
      () => 5 * 1024 * 1024,
    );
    expect(await group.submit('huge')).toBe('huge');
  });

  it.each(['40P01', '40001'])('repeats a flush that failed with %s', async (code) => {
    let calls = 0;
    const group = coalescer(async (items) => {
      calls += 1;
      if (calls === 1) throw sqlError(code);
      return [...items];
    });
    expect(await group.submit('a')).toBe('a');
    expect(calls).toBe(2);
  });

  it('gives up a flush that keeps deadlocking', async () => {
    const group = coalescer(async () => {
      throw sqlError('40P01');
    });
    await expect(group.submit('a')).rejects.toThrow('40P01');
  });

  it.each(['22P05', '23503'])('a bad row (%s) harms only itself', async (code) => {
    const group = coalescer(async (items) => {
      if (items.includes('bad')) throw sqlError(code);
      return items.map((item) => `${item}!`);
    });
    const answers = await Promise.allSettled(['a', 'bad', 'c'].map((item) => group.submit(item)));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('any other failure is everybody’s, and the next flush works again', async () => {
    let down = true;
    const group = coalescer(async (items) => {
      if (down) throw sqlError('57P01');
      return [...items];
    });
    const answers = await Promise.allSettled([group.submit('a'), group.submit('b')]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    down = false;
    expect(await group.submit('c')).toBe('c');
  });

  it('drain waits for what waits and what is in flight', async () => {
    const { calls, flush, called } = controlled();
    const group = coalescer(flush);
    const answer = group.submit('a');
    await called(1);
    let drained = false;
    const drain = group.drain().then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    calls[0]?.finish();
    await answer;
    await drain;
    expect(drained).toBe(true);
  });
});
