import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import { LOGGER, type Logger, Metrics, requestIdOf } from '#platform';

/** What Express adds to a request once a route matched. */
type RoutedRequest = IncomingMessage & { readonly route?: { readonly path?: unknown } };

/** Routes that are asked every few seconds: counted, logged at debug only. */
const FREQUENT = /^\/(health|ready|metrics)/;

/** Counts and logs each answer under its route template; never the address itself, which holds ids and filters. */
@Injectable()
export class ObserveReads implements NestMiddleware {
  constructor(
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  use(request: RoutedRequest, response: ServerResponse, next: () => void): void {
    const began = performance.now();
    response.setHeader('cache-control', 'no-store');
    response.once('finish', () => {
      const path = request.route?.path;
      const route = typeof path === 'string' ? path : 'unknown';
      const status = response.statusCode;
      this.metrics.requests.inc({ route, status });
      const duration_ms = Math.round(performance.now() - began);
      const line = { event: 'read', route, status, request_id: requestIdOf(request), duration_ms };
      this.logger[FREQUENT.test(route) ? 'debug' : 'info'](line);
    });
    next();
  }
}
