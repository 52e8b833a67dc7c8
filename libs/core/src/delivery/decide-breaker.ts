import { assertNever } from '../assert-never.js';

/** In the order of an outage. closed: calls go out · open: none does until the probe · half_open: one probe is under way. */
export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** Moments are seconds on one clock, whichever the caller keeps time by. */
export interface Breaker {
  readonly state: BreakerState;
  /** Failures in a row; those of one subject count once while the breaker is closed. */
  readonly failures: number;
  /** The subjects of those failures; no more of them than it takes to open. */
  readonly failedSubjects: readonly string[];
  /** open: when a probe may go out. */
  readonly probeAt: number | null;
  /** half_open: until when the probe's own word is waited for; then another may go out, since its process has probably died. */
  readonly probeUntil: number | null;
}

export const CLOSED_BREAKER: Breaker = { state: 'closed', failures: 0, failedSubjects: [], probeAt: null, probeUntil: null };

export interface BreakerRules {
  /** Failures in a row that open it; null: it never opens. */
  readonly failures: number | null;
  readonly probeAfterSeconds: number;
  /** Longer than the longest call. */
  readonly probeLeaseSeconds: number;
}

/**
 * What happened.
 * - `asked`: may a call go out now?
 * - `succeeded`, `failed`: a call ended. `subject` is what the call was about, e.g. a lead: one whose every attempt fails may be bad itself.
 *   A call that carried several is about the first of them. A caller without such a thing passes a fresh id for each call. `probe` is what
 *   `asked` said to that call.
 * - `unheard`: a call ended and says nothing about the service: our own process stopped, or failed.
 */
export type BreakerEvent =
  { readonly kind: 'asked' } | { readonly kind: 'succeeded' | 'failed' | 'unheard'; readonly subject: string; readonly probe: boolean };

export interface BreakerDecision {
  readonly breaker: Breaker;
  /** `call`, `probe`, or null: no call now. Also null for what is not `asked`. */
  readonly admits: 'call' | 'probe' | null;
}

/**
 * The one breaker of the gateway, for destinations and every other service outside.
 *
 * | state     | asked                                   | succeeded             | failed                                       |
 * |-----------|-----------------------------------------|-----------------------|----------------------------------------------|
 * | closed    | call                                    | count back to 0       | count + 1 per subject; at the limit: open    |
 * | open      | no; after probeAt: probe, and half_open | as it is              | as it is                                     |
 * | half_open | no; after probeUntil: another probe     | of the probe: closed  | of the probe: count + 1, open for as long    |
 *
 * Once it is open only a probe has a say: calls that began before and end now tell of a time gone by. A probe that went unheard leaves the
 * service as unknown as it was: the next one may go out at once.
 */
export function decideBreaker(breaker: Breaker, event: BreakerEvent, rules: BreakerRules, now: number): BreakerDecision {
  if (rules.failures === null) return { breaker: CLOSED_BREAKER, admits: event.kind === 'asked' ? 'call' : null };
  if (event.kind === 'asked') return ask(breaker, rules, now);
  switch (breaker.state) {
    case 'closed':
      return { breaker: afterCall(breaker, event, rules.failures, rules, now), admits: null };
    case 'open':
      return { breaker, admits: null };
    case 'half_open':
      return { breaker: event.probe ? afterProbe(breaker, event, rules, now) : breaker, admits: null };
    default:
      return assertNever(breaker.state);
  }
}

function ask(breaker: Breaker, rules: BreakerRules, now: number): BreakerDecision {
  if (breaker.state === 'closed') return { breaker, admits: 'call' };
  const from = breaker.state === 'open' ? breaker.probeAt : breaker.probeUntil;
  if (from !== null && now < from) return { breaker, admits: null };
  return { breaker: { ...breaker, state: 'half_open', probeUntil: now + rules.probeLeaseSeconds }, admits: 'probe' };
}

type Ended = Exclude<BreakerEvent, { kind: 'asked' }>;

function afterCall(breaker: Breaker, { kind, subject }: Ended, limit: number, rules: BreakerRules, now: number): Breaker {
  switch (kind) {
    case 'succeeded':
      return breaker.failures === 0 ? breaker : CLOSED_BREAKER;
    case 'unheard':
      return breaker;
    case 'failed': {
      if (breaker.failedSubjects.includes(subject)) return breaker;
      const counted = { ...breaker, failures: breaker.failures + 1, failedSubjects: [...breaker.failedSubjects, subject] };
      return counted.failures < limit ? counted : opened(counted, rules, now);
    }
    default:
      return assertNever(kind);
  }
}

function afterProbe(breaker: Breaker, { kind, subject }: Ended, rules: BreakerRules, now: number): Breaker {
  switch (kind) {
    case 'succeeded':
      return CLOSED_BREAKER;
    case 'unheard':
      return { ...breaker, state: 'open', probeAt: now, probeUntil: null };
    case 'failed':
      return opened({ ...breaker, failures: breaker.failures + (breaker.failedSubjects.includes(subject) ? 0 : 1) }, rules, now);
    default:
      return assertNever(kind);
  }
}

function opened(breaker: Breaker, { probeAfterSeconds }: BreakerRules, now: number): Breaker {
  return { ...breaker, state: 'open', probeAt: now + probeAfterSeconds, probeUntil: null };
}
