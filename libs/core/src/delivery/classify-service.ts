import type { DestinationAnswers, Signal, Verdict } from './classify-answer.js';

/** Why nothing is sent to a destination until a person mends something. In the order in which they are recognised. */
export const PAUSE_REASONS = ['destination_refuses_us', 'gone', 'misconfigured', 'by_hand'] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** Codes of calls whose end is our own doing: they say nothing about the service. */
const OUR_OWN = new Set(['CALL_ABORTED', 'LEASE_EXPIRED', 'INTERNAL']);

/** What one call told about the service that was called, apart from what it means for its delivery. */
export interface ServiceWord {
  /** works: it answered as a service that is up does, also with a refusal · fails · silent: the call says nothing about it. */
  readonly health: 'works' | 'fails' | 'silent';
  /** It asked for quiet until then: nothing at all is sent to it. */
  readonly quietSeconds: number | null;
  /** It says that it is called too often. */
  readonly tooFast: boolean;
  /** It will say the same to everything, until a person mends something. */
  readonly pause: 'destination_refuses_us' | 'gone' | null;
  /** Nobody is at home at this address; a few of these in a row mean that the address is wrong. */
  readonly misdirected: boolean;
}

/**
 * | signal                                       | health | besides, with `standard` answers            |
 * |----------------------------------------------|--------|---------------------------------------------|
 * | delivered, refused for this lead             | works  |                                             |
 * | a retry that is said of this lead alone      | works  |                                             |
 * | 401, 403, 407; no access token for us        | works  | pause: destination_refuses_us               |
 * | 410                                          | works  | pause: gone                                 |
 * | 404, 3xx                                     | works  | misdirected                                 |
 * | 429                                          | works  | too fast; Retry-After: quiet. plain: fails  |
 * | 503 with Retry-After                         | works  | quiet. plain: fails                         |
 * | other answers that are retried, no answer    | fails  |                                             |
 * | broken off or forgotten by us                | silent |                                             |
 * | not sent because of us or of the payload     | silent |                                             |
 *
 * A service that names the time when it takes calls again is up, so that does not open its breaker: it is held until then instead. The `plain`
 * contract knows no holds, and there the breaker is what protects it.
 */
export function classifyService(
  answers: DestinationAnswers,
  signal: Signal,
  verdict: Verdict,
  { errorCode, longestQuietSeconds }: { readonly errorCode: string | null; readonly longestQuietSeconds: number },
): ServiceWord {
  if (signal.kind === 'not_sent' && (signal.because === 'us' || signal.because === 'payload')) return { ...WORKS, health: 'silent' };
  if (errorCode !== null && OUR_OWN.has(errorCode)) return { ...WORKS, health: 'silent' };
  if (verdict.kind === 'delivered') return WORKS;
  if (verdict.kind === 'pause') return { ...WORKS, pause: verdict.reason };
  if (signal.kind !== 'answered') return FAILS;
  const { statusCode, meaning, retryAfterSeconds } = signal;
  if (verdict.kind === 'retry' && meaning?.ofThisLead === true) return WORKS;
  if (answers === 'plain') return verdict.kind === 'refused' ? WORKS : FAILS;
  if (verdict.kind === 'refused') {
    if (meaning !== undefined) return WORKS;
    if (statusCode === 410) return { ...WORKS, pause: 'gone' };
    return { ...WORKS, misdirected: statusCode === 404 || (statusCode >= 300 && statusCode < 400) };
  }
  const tooFast = statusCode === 429;
  const asked = retryAfterSeconds !== null && retryAfterSeconds > 0 && (tooFast || statusCode === 503 || meaning?.kind === 'retry');
  if (!tooFast && !asked) return FAILS;
  return { ...WORKS, tooFast, quietSeconds: asked ? Math.min(retryAfterSeconds, longestQuietSeconds) : null };
}

const WORKS: ServiceWord = { health: 'works', quietSeconds: null, tooFast: false, pause: null, misdirected: false };
const FAILS: ServiceWord = { ...WORKS, health: 'fails' };
