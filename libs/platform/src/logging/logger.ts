import { pino, type Logger as Pino } from 'pino';

export type Logger = Pino;
/** Injection token of the process's logger. */
export const LOGGER = Symbol('logger');

/**
 * JSON on stdout, pretty on a terminal. What may be logged is decided where it is logged: ids, codes and counts, one wide line per
 * accept, journey and attempt. `redact` is a second wall for the names under which personal data or secrets could slip in.
 */
export function createLogger(level: string, pretty: boolean): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: [
        '*.email',
        '*.phone',
        '*.body',
        '*.payload',
        '*.headers',
        '*.token',
        '*.secret',
        'email',
        'phone',
        'body',
        'payload',
        'headers',
        'token',
        'secret',
      ],
      censor: '[redacted]',
    },
    ...(pretty ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' } } } : {}),
  });
}
