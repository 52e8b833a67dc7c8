import { isUnauthenticated, type ConfiguredSource, type SourceConfig } from '#core';
import type { SourceKinds } from '../sources/source-kinds.js';
import { methodNotAllowed, rateLimited, unavailable, type Outcome } from './outcome.js';
import type { RateLimiter } from './rate-limiter.js';
import type { RequestHead } from './request-head.js';
import type { LeadRoute } from './route-sources.js';

export interface DoorLimits {
  /** False until the API keys were read once: a key that is unknown until then may exist. */
  readonly keysReady: () => boolean;
  readonly limiter: RateLimiter;
  /** Requests a minute and address of sources without authentication that set no limit of their own; 0: off. */
  readonly rateLimitPerMinute: number;
}

/**
 * What can be said before a single byte of the body is read: other methods, handshakes, too many requests.
 * @returns null: the body decides
 */
export function answerWithoutBody(route: LeadRoute, head: RequestHead, kinds: SourceKinds, limits: DoorLimits): Outcome | null {
  const [{ source }] = route.sources;
  if (head.method === 'POST') {
    if (source.authentication.kind === 'api_key' && !limits.keysReady())
      return unavailable('The API keys are not loaded yet. Send the request again.', head.requestId, 'KEYS_NOT_LOADED');
    return limitRoute(route, head, limits);
  }
  const kind = route.sharedBy === null ? kinds.get(source.kind) : undefined;
  if (kind?.handshake === undefined) return methodNotAllowed(head.requestId, 'POST');
  if (head.method !== 'GET') return methodNotAllowed(head.requestId, 'GET, POST');
  const limited = limitRoute(route, head, limits);
  return limited ?? { kind: 'handshake', answer: kind.handshake(new URLSearchParams(head.query ?? ''), source) };
}

/**
 * On a shared route nobody knows yet whose request it is, so the route counts, under the most generous limit of its sources; each source's
 * own limit follows when the source is known.
 */
function limitRoute({ path, sources, sharedBy }: LeadRoute, head: RequestHead, limits: DoorLimits): Outcome | null {
  const all = sources.map(({ source }) => limitOf(source, limits.rateLimitPerMinute));
  const limit = all.includes(0) ? 0 : Math.max(...all);
  return take(limits, sharedBy === null ? sources[0].sourceId : path, head, limit);
}

/** Once it is known which of a shared route's sources is meant. */
export function limitSource({ sourceId, source }: ConfiguredSource, head: RequestHead, limits: DoorLimits): Outcome | null {
  return take(limits, sourceId, head, limitOf(source, limits.rateLimitPerMinute));
}

function take({ limiter }: DoorLimits, counted: string, { remoteAddress, requestId }: RequestHead, limit: number): Outcome | null {
  const rate = limiter.take(`${counted} ${remoteAddress}`, limit);
  return rate.allowed ? null : rateLimited(requestId, rate.limit, rate.windowSeconds, rate.resetSeconds);
}

function limitOf(source: SourceConfig, preset: number): number {
  return source.rate_limit_per_minute ?? (isUnauthenticated(source) ? preset : 0);
}
