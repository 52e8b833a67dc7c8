import type { Outcome, OutcomeKind, Reason } from './outcome.js';
import type { Stage, StageName } from './stage.js';

/** What one stage said about one lead. Kept for support staff; notes name fields and codes, never values of people. */
export interface StageRecord {
  readonly stage: StageName;
  readonly verdict: OutcomeKind;
  readonly reasons: readonly Reason[];
  readonly durationMicros: number;
}

/** One run of the pipeline over one lead: the final outcome, everything the stages added, and one record per stage that ran. */
export interface Journey<Facts extends object> {
  readonly outcome: Exclude<Outcome, { kind: 'continue' }> | { readonly kind: 'continue' };
  readonly facts: Partial<Facts>;
  readonly stages: readonly StageRecord[];
  readonly durationMicros: number;
}

/** Microseconds of a monotonic clock; handed in, so that core reads no clock. */
export type MonotonicMicros = () => number;

/**
 * An ordered list of stages. `through` only accepts a stage whose needs are already there, so a misordered pipeline does not compile.
 */
export class Pipeline<Start extends object, Facts extends Start> {
  private constructor(private readonly stages: readonly Stage<never, object>[]) {}

  static startingWith<Start extends object>(): Pipeline<Start, Start> {
    return new Pipeline<Start, Start>([]);
  }

  through<Adds extends object>(stage: Stage<Facts, Adds>): Pipeline<Start, Facts & Adds> {
    return new Pipeline<Start, Facts & Adds>([...this.stages, stage]);
  }

  get stageNames(): readonly StageName[] {
    return this.stages.map((stage) => stage.name);
  }

  /** Runs until a stage ends the journey. A fault thrown by a stage is not caught: it concerns the job, not the lead. */
  async run(start: Start, clock: MonotonicMicros): Promise<Journey<Facts>> {
    const began = clock();
    const records: StageRecord[] = [];
    let facts: object = start;
    for (const stage of this.stages) {
      const stageBegan = clock();
      // `through` has made sure that these facts hold all that the stage needs.
      const outcome = await stage.run(facts as never);
      records.push({ stage: stage.name, verdict: outcome.kind, reasons: reasonsOf(outcome), durationMicros: clock() - stageBegan });
      if (outcome.kind !== 'continue') {
        return { outcome, facts: facts as Partial<Facts>, stages: records, durationMicros: clock() - began };
      }
      facts = { ...facts, ...outcome.adds };
    }
    return { outcome: { kind: 'continue' }, facts: facts as Partial<Facts>, stages: records, durationMicros: clock() - began };
  }
}

function reasonsOf(outcome: Outcome): readonly Reason[] {
  switch (outcome.kind) {
    case 'continue':
      return outcome.notes ?? [];
    case 'reject':
      return outcome.reasons;
    case 'hold':
    case 'fail':
      return [outcome.reason];
  }
}
