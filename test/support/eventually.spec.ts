import { LIMIT_SECONDS } from './eventually.js';

let waits: typeof import('./eventually.js');

beforeEach(async () => {
  jest.useFakeTimers();
  // As each suite has it: without anything that ran out before.
  await jest.isolateModulesAsync(async () => {
    waits = await import('./eventually.js');
  });
});
afterEach(() => jest.useRealTimers());

const never = (): Promise<undefined> => Promise.resolve(undefined);
/** What it says when it runs out, and after how many seconds. */
async function runsOut(waiting: Promise<unknown>): Promise<{ says: string; seconds: number }> {
  const began = performance.now();
  const said = waiting.then(
    () => 'it did not run out',
    (error: Error) => error.message,
  );
  let over = false;
  void said.then(() => (over = true));
  while (!over) await jest.advanceTimersByTimeAsync(1000);
  return { says: await said, seconds: Math.floor((performance.now() - began) / 1000) };
}

describe('waiting for a fact', () => {
  it('ends with it', async () => {
    const answers = [undefined, undefined, 'so'];
    const waiting = waits.eventually('it is so', () => Promise.resolve(answers.shift()));
    await jest.advanceTimersByTimeAsync(100);
    expect(await waiting).toBe('so');
  });

  it.each([
    { ask: never, what: 'that never becomes one' },
    { ask: () => new Promise<undefined>(() => {}), what: 'of which nobody answers' },
  ])('$what, ends with what was waited for', async ({ ask }) => {
    const { says, seconds } = await runsOut(waits.eventually('it is so', ask, LIMIT_SECONDS, () => 'Two are.'));
    expect(says).toBe('it is so: not so after 120 s. Two are.');
    expect(seconds).toBe(LIMIT_SECONDS);
  });

  it('says what it waited for also when nobody can be asked what else there is to say', async () => {
    const { says } = await runsOut(waits.eventually('it is so', never, 1, () => Promise.reject(new Error('connection refused'))));
    expect(says).toMatch(/^it is so: not so after 1 s\..*connection refused$/);
  });

  it('waits shorter once the suite has failed, so that a broken product is told of within minutes', async () => {
    await runsOut(waits.within('it comes', new Promise(() => {})));
    expect(await runsOut(waits.eventually('the next is so', never))).toMatchObject({
      says: 'the next is so: not so after 30 s.',
      seconds: 30,
    });
  });

  it('has not failed where somebody waits shorter, to go on without it', async () => {
    await runsOut(waits.eventually('a round is over', never, 5));
    expect((await runsOut(waits.eventually('all rounds are over', never))).seconds).toBe(LIMIT_SECONDS);
  });
});
