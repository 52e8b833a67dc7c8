/** The work goes on; only the waiting for it ends. */
export class DeadlinePassed extends Error {
  readonly code = 'DEADLINE_PASSED';
  constructor() {
    super('The deadline of the request passed before it was stored.');
    this.name = 'DeadlinePassed';
  }
}

export function withinDeadline<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlinePassed()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
