import { CLOSED_BREAKER, decideBreaker, type Breaker, type BreakerRules } from './decide-breaker.js';
import { decidePace, slowedPace } from './decide-pace.js';
import type { PauseReason, ServiceWord } from './classify-service.js';

/** Answers in a row, for different leads, that say "nobody here" until the address counts as wrong. */
const MISDIRECTED_LIMIT = 3;
/** Calls in flight when the pace was halved were made at the pace before; their 429s halve nothing. */
const HALVE_AT_MOST_EVERY_SECONDS = 1;

/** What is remembered of a service. Moments are seconds on one clock. */
export interface ServiceRecord {
  readonly breaker: Breaker;
  readonly holdUntil: number | null;
  readonly pause: { readonly reason: PauseReason; readonly at: number } | null;
  readonly throttle: { readonly callsPerSecond: number; readonly at: number } | null;
  /** When its breaker closed the last time. */
  readonly recoveredAt: number | null;
  /** Leads whose calls (ServiceNews.subject) found nobody at the address, in a row. */
  readonly misdirectedSubjects: readonly string[];
}

export const UNTROUBLED: ServiceRecord = {
  breaker: CLOSED_BREAKER,
  holdUntil: null,
  pause: null,
  throttle: null,
  recoveredAt: null,
  misdirectedSubjects: [],
};

/** One call that ended. */
export interface ServiceNews {
  readonly word: ServiceWord;
  /** The lead it was about; of a call that carried several, the first of them. */
  readonly subject: string;
  readonly probe: boolean;
  /** Calls a second made to it lately, by all processes together as far as this one knows. */
  readonly callsPerSecond: number;
}

/** What somebody should hear of. */
export type ServiceChange = 'breaker.opened' | 'breaker.closed' | 'destination.paused';

/**
 * What the calls of a moment, taken together, do to a service's record. They ended side by side, so "in a row" has no finer meaning than:
 * a call that found the service working ends the row of those that failed beside it.
 */
export function decideService(
  record: ServiceRecord,
  news: readonly ServiceNews[],
  rules: BreakerRules,
  now: number,
): { record: ServiceRecord; changes: ServiceChange[] } {
  const breaker = breakerAfter(record.breaker, news, rules, now);
  const closed = record.breaker.state !== 'closed' && breaker.state === 'closed';
  const misdirectedSubjects = misdirectedAfter(record.misdirectedSubjects, news);
  const next: ServiceRecord = {
    breaker,
    holdUntil: holdAfter(record.holdUntil, news, now),
    pause: record.pause ?? pauseAfter(news, misdirectedSubjects.length, now),
    throttle: throttleAfter(record, news, now),
    recoveredAt: closed ? now : record.recoveredAt,
    misdirectedSubjects,
  };
  const changes: ServiceChange[] = [];
  // Open again after a failed probe is no news: it was told when it opened.
  if (record.breaker.state === 'closed' && breaker.state === 'open') changes.push('breaker.opened');
  if (closed) changes.push('breaker.closed');
  if (record.pause === null && next.pause !== null) changes.push('destination.paused');
  return { record: next, changes };
}

function breakerAfter(breaker: Breaker, news: readonly ServiceNews[], rules: BreakerRules, now: number): Breaker {
  const works = news.some(({ word, probe }) => word.health === 'works' && !probe);
  return news.reduce((before, { word, subject, probe }) => {
    if (word.health === 'fails' && !probe && works) return before;
    const kind = ({ works: 'succeeded', fails: 'failed', silent: 'unheard' } as const)[word.health];
    return decideBreaker(before, { kind, subject, probe }, rules, now).breaker;
  }, breaker);
}

function holdAfter(holdUntil: number | null, news: readonly ServiceNews[], now: number): number | null {
  const asked = news.map(({ word }) => word.quietSeconds ?? 0).reduce((most, seconds) => Math.max(most, seconds), 0);
  return asked === 0 ? holdUntil : Math.max(holdUntil ?? 0, now + asked);
}

function pauseAfter(news: readonly ServiceNews[], misdirected: number, now: number): ServiceRecord['pause'] {
  const reason = news.map(({ word }) => word.pause).find((one) => one !== null);
  if (reason !== undefined && reason !== null) return { reason, at: now };
  return misdirected >= MISDIRECTED_LIMIT ? { reason: 'misconfigured', at: now } : null;
}

function misdirectedAfter(before: readonly string[], news: readonly ServiceNews[]): readonly string[] {
  const found = news.filter(({ word }) => word.health === 'works' && !word.misdirected);
  if (found.length > 0) return before.length === 0 ? before : [];
  const fresh = new Set([...before, ...news.filter(({ word }) => word.misdirected).map(({ subject }) => subject)]);
  return fresh.size === before.length ? before : [...fresh].slice(0, MISDIRECTED_LIMIT);
}

function throttleAfter(
  { throttle, holdUntil, recoveredAt }: ServiceRecord,
  news: readonly ServiceNews[],
  now: number,
): ServiceRecord['throttle'] {
  const tooFast = news.filter(({ word }) => word.tooFast);
  if (tooFast.length === 0) return throttle;
  if (throttle !== null && now - Math.max(throttle.at, holdUntil ?? 0) < HALVE_AT_MOST_EVERY_SECONDS) return throttle;
  const current = paceOf({ throttle, holdUntil, recoveredAt }, now);
  const seen = Math.max(...tooFast.map(({ callsPerSecond }) => callsPerSecond));
  return { callsPerSecond: slowedPace(current, seen), at: now };
}

/** Calls a second it is given now; null: as many as its configuration allows. The time in which it was held does not count as recovery. */
export function paceOf(
  { throttle, holdUntil, recoveredAt }: Pick<ServiceRecord, 'throttle' | 'holdUntil' | 'recoveredAt'>,
  now: number,
): number | null {
  return decidePace({
    throttledTo: throttle?.callsPerSecond ?? null,
    throttledSecondsAgo: throttle === null ? null : now - Math.max(throttle.at, holdUntil ?? 0),
    recoveredSecondsAgo: recoveredAt === null ? null : now - recoveredAt,
  });
}
