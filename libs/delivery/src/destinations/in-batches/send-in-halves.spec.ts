import type { DestinationAnswer } from '../../destination.port.js';
import { sendInHalves, type BatchOutcome } from './send-in-halves.js';

const answer = (errorCode: string | null, statusCode = 400): DestinationAnswer => ({
  signal: { kind: 'answered', statusCode, successRule: errorCode === null, retryAfterSeconds: null },
  errorCode,
  excerpt: null,
  recordId: null,
});
const TAKEN = answer(null, 200);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const always = (): boolean => true;

/** Takes a group without any of the bad. */
function refusing(bad: readonly number[], calls: number[][] = []): (group: readonly number[]) => Promise<BatchOutcome> {
  return async (group) => {
    calls.push([...group]);
    return group.some((one) => bad.includes(one))
      ? { kind: 'refused_together', answer: answer('BAD') }
      : { kind: 'each', answers: group.map(() => TAKEN) };
  };
}

describe('sending in halves', () => {
  it.each([
    { count: 1, bad: [0], calls: 1 },
    { count: 2, bad: [1], calls: 3 },
    { count: 3, bad: [2], calls: 3 },
    { count: 100, bad: [], calls: 1 },
    { count: 100, bad: [63], calls: 15 },
    { count: 200, bad: [0], calls: 17 },
    { count: 200, bad: [0, 199], calls: 31 },
  ])('finds $bad among $count in $calls calls', async ({ count, bad, calls }) => {
    const made: number[][] = [];
    const answers = await sendInHalves(numbers(count), refusing(bad, made), always);
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(numbers(count).map((one) => (bad.includes(one) ? 'BAD' : null)));
    expect(made.length).toBeLessThanOrEqual(calls);
  });

  it('sends nobody again who took effect', async () => {
    const calls: number[][] = [];
    await sendInHalves(numbers(8), refusing([5], calls), always);
    const taken = calls.filter((group) => !group.includes(5)).flat();
    expect(taken.toSorted()).toEqual([0, 1, 2, 3, 4, 6, 7]);
  });

  it('says of whoever is left over when the time is gone that nothing was sent, and why', async () => {
    let made = 0;
    const answers = await sendInHalves(
      numbers(4),
      (group) => {
        made += 1;
        return refusing([3])(group);
      },
      () => made < 2,
    );
    expect(answers.slice(0, 2)).toEqual([TAKEN, TAKEN]);
    expect(answers.slice(2)).toEqual(
      [2, 3].map(() => ({
        signal: { kind: 'not_sent', cause: 'Refused together with other leads: 400', because: 'us' },
        errorCode: 'REFUSED_TOGETHER',
        excerpt: null,
        recordId: null,
      })),
    );
  });

  it.each([
    ['all', (): boolean => true],
    ['every fifth', (one: number): boolean => one % 5 === 0],
  ])('finds them in a few rounds where %s are bad, and takes no place of a schedule meanwhile', async (_description, isBad) => {
    let left = numbers(200);
    const bad = left.filter(isBad);
    const found: number[] = [];
    for (let round = 0; left.length > 0; round += 1) {
      expect(round).toBeLessThan(20);
      const answers = await sendInHalves(left, refusing(bad), always);
      found.push(...left.filter((_one, index) => answers[index]?.errorCode === 'BAD'));
      const again = left.filter((_one, index) => answers[index]?.errorCode === 'REFUSED_TOGETHER');
      expect(answers.filter(({ signal }) => signal.kind === 'not_sent' && signal.because !== 'us')).toEqual([]);
      left = again;
    }
    expect(found.toSorted((a, b) => a - b)).toEqual(bad);
  });

  it('counts a round that found nobody, so that there is an end of them', async () => {
    const answers = await sendInHalves(numbers(4), refusing([3]), () => false);
    expect(answers.map(({ signal }) => signal)).toEqual(
      numbers(4).map(() => ({ kind: 'not_sent', cause: 'Refused together with other leads: 400' })),
    );
  });

  it('calls no more once the other side is not well: what was not asked was not sent', async () => {
    const outcomes: BatchOutcome[] = [
      { kind: 'refused_together', answer: answer('BAD') },
      { kind: 'all', answer: answer('DOWN', 503) },
    ];
    const answers = await sendInHalves(numbers(4), async () => outcomes.shift() as BatchOutcome, always);
    expect(answers.map(({ errorCode, signal }) => [errorCode, signal.kind])).toEqual([
      ['DOWN', 'answered'],
      ['DOWN', 'answered'],
      ['REFUSED_TOGETHER', 'not_sent'],
      ['REFUSED_TOGETHER', 'not_sent'],
    ]);
  });
});
