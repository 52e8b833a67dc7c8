import type { ProblemError } from './problem.js';

/**
 * An answer other than success, thrown on the way of a request and spoken by the one exception filter. `code` is stable; `detail` says
 * what is wrong and which setting or command mends it, and never repeats what the caller sent. The original fault goes into `cause`.
 */
export abstract class HttpProblem extends Error {
  abstract readonly status: number;
  abstract readonly title: string;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>> = {};

  constructor(
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly ProblemError[] = [],
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = new.target.name;
  }
}

export class InvalidRequest extends HttpProblem {
  override readonly status = 400;
  override readonly title = 'The request is not valid';
}

export class Unauthorized extends HttpProblem {
  override readonly status = 401;
  override readonly title = 'A key is needed';
  override readonly headers = { 'www-authenticate': 'Bearer realm="leadgate"' };
}

export class Forbidden extends HttpProblem {
  override readonly status = 403;
  override readonly title = 'Not allowed';
}

export class NotFound extends HttpProblem {
  override readonly status = 404;
  override readonly title = 'Not found';
}

export class Conflict extends HttpProblem {
  override readonly status = 409;
  override readonly title = 'In conflict with the current state';
}

export class TooLarge extends HttpProblem {
  override readonly status = 413;
  override readonly title = 'Body too large';
}

export class UnsupportedMediaType extends HttpProblem {
  override readonly status = 415;
  override readonly title = 'Unsupported media type';
}

/** How often something may be done, and that it was done as often. */
export interface SpentLimit {
  /** What is limited, as the headers name it: letters, digits and dashes. */
  readonly policy: string;
  readonly limit: number;
  readonly windowSeconds: number;
  /** When the next one is let through, at least 1. */
  readonly resetSeconds: number;
}

/** The fields are those of draft-ietf-httpapi-ratelimit-headers. */
export class TooManyRequests extends HttpProblem {
  override readonly status = 429;
  override readonly title = 'Too many requests';
  override readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, detail: string, { policy, limit, windowSeconds, resetSeconds }: SpentLimit) {
    super(code, detail);
    this.headers = {
      'retry-after': `${resetSeconds}`,
      ratelimit: `"${policy}";r=0;t=${resetSeconds}`,
      'ratelimit-policy': `"${policy}";q=${limit};w=${windowSeconds}`,
    };
  }
}

/** The database cannot answer or commit now. */
export class Unavailable extends HttpProblem {
  override readonly status = 503;
  override readonly title = 'Not available now';
  override readonly headers = { 'retry-after': '2' };
}
