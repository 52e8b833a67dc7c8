import { classifyAnswer, type AnswerMeaning, type Signal } from './classify-answer.js';
import { classifyService, type ServiceWord } from './classify-service.js';

const WORKS: ServiceWord = { health: 'works', quietSeconds: null, tooFast: false, pause: null, misdirected: false };
const FAILS: ServiceWord = { ...WORKS, health: 'fails' };
const SILENT: ServiceWord = { ...WORKS, health: 'silent' };

const answered = (statusCode: number, retryAfterSeconds: number | null = null, meaning?: AnswerMeaning): Signal => ({
  kind: 'answered',
  statusCode,
  successRule: statusCode < 300,
  retryAfterSeconds,
  ...(meaning === undefined ? {} : { meaning }),
});
const wordOf = (answers: 'plain' | 'standard', signal: Signal, errorCode: string | null = null): ServiceWord =>
  classifyService(answers, signal, classifyAnswer(answers, 'keyed', signal), { errorCode, longestQuietSeconds: 3600 });

describe('what one call tells about its destination', () => {
  it.each<[description: string, signal: Signal, standard: ServiceWord, plain: ServiceWord]>([
    ['201', answered(201), WORKS, WORKS],
    ['422', answered(422), WORKS, WORKS],
    ['401', answered(401), { ...WORKS, pause: 'destination_refuses_us' }, WORKS],
    ['410', answered(410), { ...WORKS, pause: 'gone' }, WORKS],
    ['404', answered(404), { ...WORKS, misdirected: true }, WORKS],
    ['302', answered(302), { ...WORKS, misdirected: true }, WORKS],
    ['500', answered(500), FAILS, FAILS],
    ['500 with Retry-After', answered(500, 60), FAILS, FAILS],
    ['408', answered(408), FAILS, FAILS],
    ['429', answered(429), { ...WORKS, tooFast: true }, FAILS],
    ['429 with Retry-After', answered(429, 60), { ...WORKS, tooFast: true, quietSeconds: 60 }, FAILS],
    ['429 with a Retry-After of 30 years', answered(429, 1e9), { ...WORKS, tooFast: true, quietSeconds: 3600 }, FAILS],
    ['503', answered(503), FAILS, FAILS],
    ['503 with Retry-After', answered(503, 7), { ...WORKS, quietSeconds: 7 }, FAILS],
    ['503 with a Retry-After of 0', answered(503, 0), FAILS, FAILS],
    ['not sent', { kind: 'not_sent', cause: 'Connection refused' }, FAILS, FAILS],
    ['not sent because of us', { kind: 'not_sent', cause: 'No turn', because: 'us' }, SILENT, SILENT],
    ['not sent because of the payload', { kind: 'not_sent', cause: 'No address', because: 'payload' }, SILENT, SILENT],
    [
      'not sent because of the credentials',
      { kind: 'not_sent', cause: 'No token', because: 'credentials' },
      { ...WORKS, pause: 'destination_refuses_us' },
      FAILS,
    ],
    ['no answer', { kind: 'unknown', cause: 'Connection lost' }, FAILS, FAILS],
    ['the vendor asks to come later', answered(400, 9, { kind: 'retry', cause: 'later' }), { ...WORKS, quietSeconds: 9 }, FAILS],
    [
      'the vendor refuses us',
      answered(400, null, { kind: 'refuses_us', cause: 'no' }),
      { ...WORKS, pause: 'destination_refuses_us' },
      WORKS,
    ],
  ])('%s', (_description, signal, standard, plain) => {
    expect(wordOf('standard', signal)).toEqual(standard);
    expect(wordOf('plain', signal)).toEqual(plain);
  });

  it.each(['CALL_ABORTED', 'LEASE_EXPIRED', 'INTERNAL'])('%s is our own doing', (errorCode) => {
    expect(wordOf('standard', { kind: 'unknown', cause: 'Broken off' }, errorCode)).toEqual(SILENT);
  });
});
