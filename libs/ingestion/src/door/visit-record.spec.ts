import { WaitedTooLong } from '#platform';
import { notStored, unavailable } from './outcome.js';
import { visitLine, visitOf } from './visit-record.js';
import { DeadlinePassed } from './within-deadline.js';

const marks = { route: '/in', status: 503, requestId: 'r', correlationId: 'c', bytes: 1, seconds: 0.01 };

describe('the line of a request that was answered 503', () => {
  it.each([
    { description: 'the deadline passed', fault: new DeadlinePassed(), code: 'DEADLINE_PASSED' },
    { description: 'too many wait to be stored', fault: new WaitedTooLong('accept'), code: 'WAITED_TOO_LONG' },
    { description: 'no connection is free', fault: new Error('timeout exceeded when trying to connect'), code: 'NO_FREE_CONNECTION' },
    { description: 'the server is frozen', fault: new Error('Query read timeout'), code: 'DATABASE_DOES_NOT_ANSWER' },
    { description: 'the connection broke', fault: new Error('Connection terminated unexpectedly'), code: 'CONNECTION_LOST' },
    { description: 'Postgres says why', fault: Object.assign(new Error('a value'), { code: '57P01' }), code: '57P01' },
    {
      description: 'only its cause says why',
      fault: new Error('a value', { cause: Object.assign(new Error(), { code: 'EPIPE' }) }),
      code: 'EPIPE',
    },
  ])('has a code: $description', ({ fault, code }) => {
    const line = visitLine(visitOf(notStored('r', fault), marks));
    expect(line).toMatchObject({ verdict: 'unavailable', fault_code: code });
    expect(JSON.stringify(line)).not.toContain('a value');
  });

  it('has a code also where nothing failed', () => {
    expect(visitLine(visitOf(unavailable('Not yet.', 'r', 'KEYS_NOT_LOADED'), marks))).toMatchObject({ fault_code: 'KEYS_NOT_LOADED' });
  });
});
