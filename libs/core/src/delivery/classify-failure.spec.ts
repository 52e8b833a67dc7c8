import type { AnswerMeaning, Signal } from './classify-answer.js';
import { classifyFailure } from './classify-failure.js';
import type { FailureClass } from './failure-class.js';

const FAILED = { status: 'PERMANENTLY_FAILED', error: 'whatever' } as const;
const answered = (statusCode: number, meaning?: AnswerMeaning): Signal => ({
  kind: 'answered',
  statusCode,
  successRule: false,
  retryAfterSeconds: null,
  ...(meaning === undefined ? {} : { meaning }),
});
const NOT_SENT: Signal = { kind: 'not_sent', cause: 'Connection refused' };
const UNKNOWN: Signal = { kind: 'unknown', cause: 'Connection lost' };

describe('a delivery that failed for good says why in one word', () => {
  it.each<{ description: string; signal: Signal; expected: FailureClass }>([
    { description: 'a status that refuses the lead', signal: answered(422), expected: 'refused' },
    { description: 'a duplicate nobody resolved', signal: answered(409), expected: 'refused' },
    { description: 'an address without a service', signal: answered(404), expected: 'misconfigured' },
    { description: 'a redirect', signal: answered(302), expected: 'misconfigured' },
    { description: 'our credentials are refused', signal: answered(401), expected: 'misconfigured' },
    { description: 'the destination is no more', signal: answered(410), expected: 'gone' },
    { description: 'it failed until the end', signal: answered(503), expected: 'exhausted' },
    { description: 'it asked for less until the end', signal: answered(429), expected: 'exhausted' },
    { description: 'nobody answered', signal: NOT_SENT, expected: 'exhausted' },
    { description: 'it cannot be sent', signal: { kind: 'not_sent', cause: 'No address', because: 'payload' }, expected: 'missing_field' },
    { description: 'the answer was lost', signal: UNKNOWN, expected: 'exhausted' },
    { description: 'a page for people with a status of success', signal: answered(200), expected: 'protocol_error' },
    { description: 'the vendor refuses the lead', signal: answered(500, { kind: 'refused', cause: 'no' }), expected: 'refused' },
    { description: 'the vendor refuses us', signal: answered(400, { kind: 'refuses_us', cause: 'no' }), expected: 'misconfigured' },
    { description: 'the vendor asks to come again', signal: answered(400, { kind: 'retry', cause: 'no' }), expected: 'exhausted' },
  ])('$description: $expected', ({ signal, expected }) => {
    expect(classifyFailure({ signal, errorCode: null, step: FAILED })).toBe(expected);
  });

  it.each([
    ['ADDRESS_NOT_ALLOWED', NOT_SENT, 'misconfigured'],
    ['HEADER_NOT_ALLOWED', NOT_SENT, 'misconfigured'],
    ['NOT_HTTP', UNKNOWN, 'protocol_error'],
    ['INTERNAL', UNKNOWN, 'internal'],
  ] as const)('%s: %s', (errorCode, signal, expected) => {
    expect(classifyFailure({ signal, errorCode, step: FAILED })).toBe(expected);
  });

  it('says nothing of a delivery that goes on', () => {
    const step = { status: 'RETRYING', delaySeconds: 30, error: 'Server error: 503' } as const;
    expect(classifyFailure({ signal: answered(503), errorCode: null, step })).toBeNull();
  });
});
