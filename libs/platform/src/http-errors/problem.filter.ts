import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import { LOGGER, type Logger } from '../logging/logger.js';
import { isDatabaseUnavailable } from './database-unavailable.js';
import { HttpProblem, Unavailable } from './http-problem.js';
import { PROBLEM_CONTENT_TYPE, problemOf, type ProblemError } from './problem.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly ProblemError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one place where an error becomes an answer. What is not an HttpProblem says nothing about itself to the caller: messages of
 * Postgres, Prisma and Node hold values, paths and SQL. The log gets the kind, the code and the frames of an unexpected error, not its
 * message, for the same reason.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<IncomingMessage>();
    const response = http.getResponse<ServerResponse>();
    const requestId = requestIdOf(request);
    const answer = answerTo(error);
    if (answer.status >= 500) this.logger.error({ request_id: requestId, ...traceOf(error) }, `answered ${answer.status} ${answer.code}`);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.statusCode = answer.status;
    for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
    response.setHeader(REQUEST_ID_HEADER, requestId);
    response.setHeader('content-type', PROBLEM_CONTENT_TYPE);
    response.end(JSON.stringify(problemOf(requestId, answer)));
  }
}

function answerTo(error: unknown): Answer {
  if (error instanceof HttpProblem) return error;
  if (isDatabaseUnavailable(error)) return databaseAway(error);
  if (error instanceof HttpException) return ofFramework(error.getStatus());
  return {
    status: 500,
    code: 'internal_error',
    title: 'Internal error',
    detail: 'Something failed here; the log has more under requestId.',
  };
}

/** Answered of whatever fails because the database is away or overloaded. */
export function databaseAway(cause?: unknown): Unavailable {
  const detail = 'The database does not answer. Nothing was changed; send the request again.';
  return new Unavailable('database_unavailable', detail, [], { cause });
}

/** What Nest and Express throw themselves. Their messages repeat the URL. */
function ofFramework(status: number): Answer {
  switch (status) {
    case 404:
      return { status, code: 'not_found', title: 'Not found', detail: 'There is no such route; /docs lists them all.' };
    case 405:
      return { status, code: 'method_not_allowed', title: 'Method not allowed', detail: 'The route does not take this method; see /docs.' };
    case 413:
      return { status, code: 'body_too_large', title: 'Body too large', detail: 'The body is larger than this route takes.' };
    case 415:
      return { status, code: 'unsupported_media_type', title: 'Unsupported media type', detail: 'The route takes application/json.' };
    default:
      return status < 500
        ? { status, code: 'invalid_request', title: 'The request is not valid', detail: 'The request could not be read; see /docs.' }
        : { status, code: 'internal_error', title: 'Internal error', detail: 'Something failed here; the log has more under requestId.' };
  }
}

/** Kind, code and frames of an error and its causes, without any message. */
function traceOf(error: unknown): object {
  if (!(error instanceof Error)) return { kind: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    kind: error.name,
    code,
    frames: frames.slice(0, 8).map((frame) => frame.trim()),
    ...(error.cause === undefined ? {} : { cause: traceOf(error.cause) }),
  };
}
