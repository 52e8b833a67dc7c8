import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** Nest's own messages in the process's log. Its start-up chatter goes to debug. */
export function nestLogger(logger: Logger): LoggerService {
  const text = (message: unknown): string => (message instanceof Error ? message.message : String(message));
  return {
    log: (message: unknown) => logger.debug({ component: 'nest' }, text(message)),
    warn: (message: unknown) => logger.warn({ component: 'nest' }, text(message)),
    error: (message: unknown) => logger.error({ component: 'nest' }, text(message)),
    debug: (message: unknown) => logger.debug({ component: 'nest' }, text(message)),
    verbose: (message: unknown) => logger.trace({ component: 'nest' }, text(message)),
    fatal: (message: unknown) => logger.fatal({ component: 'nest' }, text(message)),
  };
}
