/**
 * Every place where a test may make a process die, stop or fail, in the order of a lead's way. The names stand here and at their place, once
 * each; test/faults/crash-points.spec.ts says of each what must hold. What is in brackets is told to the failpoint as its subject.
 */
export const FAILPOINTS = {
  accept_before_transaction: 'a request was read whole, nothing of it is in Postgres',
  accept_before_commit: 'its commit is not asked for: its rows are written, or will be by the statement that commits them',
  accept_after_commit: 'its rows are committed, its sender has no answer',
  ring_before_add: 'rows are marked as rung, the queue has no job',
  ring_after_add: 'the queue has the job, nobody noted that it took it',
  process_before_load: 'a job with leads was taken, nothing was asked of Postgres',
  process_after_load: 'a lead was loaded and counted, nothing was decided [lead id]',
  decide_before_commit: 'decisions are written, their commit is not asked for',
  decide_after_commit: 'decisions are committed, their deliveries are neither rung nor in a lane',
  deliver_before_claim: 'a job with deliveries was taken, none is claimed',
  deliver_after_claim: 'an attempt is open, no byte has left [lead id]',
  deliver_after_answer: 'the CRM has answered, nothing of it is in Postgres [lead id]',
  close_delivered_before_commit: 'leads were simply delivered, the statement that writes and commits it is about to be sent',
  close_before_commit: 'what became of the attempts is written, the commit is not asked for',
  deliver_after_close: 'what became of the attempt is committed, nobody heard of it',
  replay_before_commit: 'leads of a replay are taken up, the commit is not asked for',
  erase_before_commit: 'what a lead says of a person is removed, the commit is not asked for',
  sweep_before_commit: 'expired rows are removed, the commit is not asked for',
} as const satisfies Readonly<Record<string, string>>;

export type FailpointName = keyof typeof FAILPOINTS;
