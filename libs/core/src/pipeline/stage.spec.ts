import { Pipeline } from './journey.js';
import { proceed } from './outcome.js';
import type { Stage } from './stage.js';

interface Start {
  readonly payload: string;
}
interface More {
  readonly trimmed: string;
}
/** Checked by the compiler: a stage that needs more than there is cannot stand where less is. */
const refusesTooHungryStages: Stage<Start & More, object> extends Stage<Start, object> ? false : true = true;

const trim: Stage<Start, More> = { name: 'trim', run: ({ payload }) => proceed({ trimmed: payload.trim() }) };
const clock = (): (() => number) => {
  let micros = 0;
  return () => (micros += 5);
};

describe('Pipeline', () => {
  it('accepts a stage only where its needs are met', () => {
    expect(refusesTooHungryStages).toBe(true);
  });

  it('hands on what each stage adds and records every stage', async () => {
    const note = { code: 'NOTED', detail: 'trimmed: was short' };
    const judge: Stage<More, object> = { name: 'validate', run: ({ trimmed }) => proceed({ length: trimmed.length }, [note]) };
    const journey = await Pipeline.startingWith<Start>().through(trim).through(judge).run({ payload: ' x ' }, clock());
    expect(journey).toEqual({
      outcome: { kind: 'continue' },
      facts: { payload: ' x ', trimmed: 'x', length: 1 },
      stages: [
        { stage: 'trim', verdict: 'continue', reasons: [], durationMicros: 5 },
        { stage: 'validate', verdict: 'continue', reasons: [note], durationMicros: 5 },
      ],
      durationMicros: 25,
    });
  });

  it('ends with the first stage that does not continue', async () => {
    const reasons = [{ code: 'ZIP_NOT_66XXX', detail: 'zipcode does not match' }] as const;
    const refuse: Stage<More, object> = { name: 'validate', run: () => ({ kind: 'reject', reasons }) };
    const never: Stage<Start, object> = {
      name: 'normalise',
      run: () => {
        throw new Error('a stage after the end ran');
      },
    };
    const journey = await Pipeline.startingWith<Start>().through(trim).through(refuse).through(never).run({ payload: 'x' }, clock());
    expect(journey.outcome).toEqual({ kind: 'reject', reasons });
    expect(journey.stages.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      ['trim', 'continue'],
      ['validate', 'reject'],
    ]);
  });
});
