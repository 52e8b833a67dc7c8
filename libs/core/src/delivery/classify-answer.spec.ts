import { classifyAnswer, type DestinationAnswers, type DestinationEffect, type Signal, type Verdict } from './classify-answer.js';

const answered = (statusCode: number, given: Partial<Extract<Signal, { kind: 'answered' }>> = {}): Signal => ({
  kind: 'answered',
  statusCode,
  successRule: statusCode >= 200 && statusCode < 300,
  retryAfterSeconds: null,
  ...given,
});

interface Row {
  readonly description: string;
  readonly answers: DestinationAnswers;
  readonly effect?: DestinationEffect;
  readonly signal: Signal;
  readonly verdict: Verdict;
}

const bothStyles = (rows: readonly Omit<Row, 'answers'>[]): Row[] =>
  (['plain', 'standard'] as const).flatMap((answers) => rows.map((row) => ({ ...row, answers })));

const ROWS: readonly Row[] = [
  ...bothStyles([
    ...[200, 201, 202, 204, 299].map((code) => ({
      description: `${code}`,
      signal: answered(code),
      verdict: { kind: 'delivered' } as const,
    })),
    ...[408, 425, 429].map((code) => ({
      description: `${code}`,
      signal: answered(code),
      verdict: { kind: 'retry', cause: `Client error: ${code}`, retryAfterSeconds: null } as const,
    })),
    ...[500, 501, 502, 503, 504, 507, 520, 599].map((code) => ({
      description: `${code}`,
      signal: answered(code),
      verdict: { kind: 'retry', cause: `Server error: ${code}`, retryAfterSeconds: null } as const,
    })),
    ...[300, 301, 302, 307, 308, 400, 402, 404, 405, 409, 410, 413, 415, 422, 431, 451].map((code) => ({
      description: `${code}`,
      signal: answered(code),
      verdict: { kind: 'refused', error: `Client error: ${code}` } as const,
    })),
    {
      description: '429 with Retry-After',
      signal: answered(429, { retryAfterSeconds: 120 }),
      verdict: { kind: 'retry', cause: 'Client error: 429', retryAfterSeconds: 120 },
    },
    {
      description: '503 with Retry-After',
      signal: answered(503, { retryAfterSeconds: 7 }),
      verdict: { kind: 'retry', cause: 'Server error: 503', retryAfterSeconds: 7 },
    },
    {
      description: '200 against the success rule',
      signal: answered(200, { successRule: false }),
      verdict: { kind: 'retry', cause: 'Unexpected answer: 200', retryAfterSeconds: null },
    },
    {
      description: '200 against the success rule of a blind destination',
      effect: 'blind',
      signal: answered(200, { successRule: false }),
      verdict: { kind: 'hold', reason: 'unknown_outcome', error: 'Unknown outcome: Unexpected answer: 200' },
    },
    {
      description: '409 that the success rule knows',
      signal: answered(409, { successRule: true }),
      verdict: { kind: 'delivered' },
    },
    ...(['keyed', 'upsert', 'search_first', 'blind'] as const).map((effect) => ({
      description: `nothing sent, ${effect}`,
      effect,
      signal: { kind: 'not_sent', cause: 'Connection refused' } as const,
      verdict: { kind: 'retry', cause: 'Connection refused', retryAfterSeconds: null } as const,
    })),
    ...(['keyed', 'upsert'] as const).map((effect) => ({
      description: `no answer, ${effect}`,
      effect,
      signal: { kind: 'unknown', cause: 'Connection lost' } as const,
      verdict: { kind: 'retry', cause: 'Connection lost', retryAfterSeconds: null } as const,
    })),
    ...(['search_first', 'blind'] as const).map((effect) => ({
      description: `no answer, ${effect}`,
      effect,
      signal: { kind: 'unknown', cause: 'Connection lost' } as const,
      verdict: { kind: 'hold', reason: 'unknown_outcome', error: 'Unknown outcome: Connection lost' } as const,
    })),
  ]),
  ...bothStyles([
    {
      description: 'not sent because of us',
      signal: { kind: 'not_sent', cause: 'No turn', because: 'us' },
      verdict: { kind: 'retry', cause: 'No turn', retryAfterSeconds: null, uncounted: true },
    },
    {
      description: 'not sent because of the payload',
      signal: { kind: 'not_sent', cause: 'No address', because: 'payload' },
      verdict: { kind: 'refused', error: 'No address' },
    },
  ]),
  {
    description: 'not sent because of the credentials',
    answers: 'plain',
    signal: { kind: 'not_sent', cause: 'No token', because: 'credentials' },
    verdict: { kind: 'retry', cause: 'No token', retryAfterSeconds: null },
  },
  {
    description: 'not sent because of the credentials',
    answers: 'standard',
    signal: { kind: 'not_sent', cause: 'No token', because: 'credentials' },
    verdict: { kind: 'pause', reason: 'destination_refuses_us', error: 'No token' },
  },
  ...[401, 403, 407].flatMap((code): Row[] => [
    { description: `${code}`, answers: 'plain', signal: answered(code), verdict: { kind: 'refused', error: `Client error: ${code}` } },
    {
      description: `${code}`,
      answers: 'standard',
      signal: answered(code),
      verdict: { kind: 'pause', reason: 'destination_refuses_us', error: `Client error: ${code}` },
    },
  ]),
  ...bothStyles([
    {
      description: '400 that says: later',
      signal: answered(400, { meaning: { kind: 'retry', cause: 'too many calls' }, retryAfterSeconds: 60 }),
      verdict: { kind: 'retry', cause: 'too many calls', retryAfterSeconds: 60 },
    },
    {
      description: '500 that says: never',
      signal: answered(500, { meaning: { kind: 'refused', cause: 'no such lead' } }),
      verdict: { kind: 'refused', error: 'no such lead' },
    },
  ]),
  {
    description: '400 that says: not with this token',
    answers: 'standard',
    signal: answered(400, { meaning: { kind: 'refuses_us', cause: 'token expired' } }),
    verdict: { kind: 'pause', reason: 'destination_refuses_us', error: 'token expired' },
  },
  {
    description: '400 that says: not with this token',
    answers: 'plain',
    signal: answered(400, { meaning: { kind: 'refuses_us', cause: 'token expired' } }),
    verdict: { kind: 'refused', error: 'token expired' },
  },
];

describe('classifyAnswer', () => {
  it.each(ROWS)('$answers: $description', ({ answers, effect, signal, verdict }) => {
    expect(classifyAnswer(answers, effect ?? 'keyed', signal)).toEqual(verdict);
  });
});
