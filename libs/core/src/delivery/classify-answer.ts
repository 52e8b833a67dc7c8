import { assertNever } from '../assert-never.js';
import type { HoldReason } from '../pipeline/reason-codes.js';

/** How a destination's answers are read, and what a second call with the same key does there. The names are those of DestinationConfig. */
export type DestinationAnswers = 'plain' | 'standard';
export type DestinationEffect = 'keyed' | 'upsert' | 'search_first' | 'blind';

/** What an answer says of itself, where a destination's errors say more than their status code. `cause` is for people: no values. */
export interface AnswerMeaning {
  readonly kind: 'retry' | 'refuses_us' | 'refused';
  readonly cause: string;
  /** true: it is said of this lead alone, by a destination that works: a record that is locked just now. */
  readonly ofThisLead?: boolean;
}

/** What is known about one call. */
export type Signal =
  /** The status line arrived; whether the body did as well does not matter. */
  | {
      readonly kind: 'answered';
      readonly statusCode: number;
      readonly successRule: boolean;
      readonly retryAfterSeconds: number | null;
      /** Counts in place of the status code. */
      readonly meaning?: AnswerMeaning;
    }
  /** No byte of this lead's left us, or none that took effect. `cause` is for people: what went wrong, no values. */
  | {
      readonly kind: 'not_sent';
      readonly cause: string;
      /**
       * What it was about, where it was not about the destination.
       * - `us`: it had no turn, the process ends: that says nothing against the lead and takes no place in its schedule.
       * - `payload`: what would be sent lacks what the destination needs; no further attempt mends that.
       * - `credentials`: whoever gives access to the destination refuses us, which is as if the destination did.
       */
      readonly because?: 'us' | 'payload' | 'credentials';
    }
  /** Bytes may have left us and no status came back. */
  | { readonly kind: 'unknown'; readonly cause: string };

export type Verdict =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry';
      readonly cause: string;
      readonly retryAfterSeconds: number | null;
      /** The attempt takes no place in the schedule: no call was made for it, and not because of the destination. */
      readonly uncounted?: true;
    }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'hold'; readonly reason: HoldReason; readonly error: string }
  /** The destination refuses us, not the lead: it is paused, and the delivery waits with it. */
  | { readonly kind: 'pause'; readonly reason: 'destination_refuses_us'; readonly error: string };

/**
 * What one call means for its delivery.
 *
 * | signal                                     | standard                                | plain                                     |
 * |--------------------------------------------|-----------------------------------------|-------------------------------------------|
 * | 2xx and success rule true                  | delivered                               | delivered                                 |
 * | 2xx and success rule false                 | as unknown: nobody expected this answer | the same                                  |
 * | 408, 425, 500, 502, 504, other 5xx         | retry                                   | retry                                     |
 * | 429, 503                                   | retry, not before Retry-After           | retry, not before Retry-After             |
 * | refused, DNS, TLS, connect timeout         | retry: nothing was sent                 | retry                                     |
 * | not sent because of us                     | retry, uncounted                        | retry, uncounted                          |
 * | not sent because of the payload            | refused                                 | refused                                   |
 * | not sent because of the credentials        | pause: the destination refuses us       | retry                                     |
 * | reset or timeout after bytes were sent     | keyed, upsert: retry with the same key  | the same                                  |
 * |                                            | search_first, blind: hold               | the same                                  |
 * | 401, 403, 407                              | pause: the destination refuses us       | refused `Client error: <code>`            |
 * | 404, 410, 3xx (never followed)             | refused `Client error: <code>`          | refused `Client error: <code>`            |
 * | other 4xx                                  | refused `Client error: <code>`          | refused `Client error: <code>`            |
 *
 * An answer nobody expected is not success. Retry-After is also honoured on the other answers that are retried: a destination that names a time knows best.
 * A destination kind that understands its vendor's errors says what they mean (`meaning`); that is read as the line of the table it names.
 * `search_first` is held like `blind` until a destination kind that can look a lead up by its key says what it found.
 */
export function classifyAnswer(answers: DestinationAnswers, effect: DestinationEffect, signal: Signal): Verdict {
  switch (signal.kind) {
    case 'not_sent':
      return classifyNotSent(answers, signal);
    case 'unknown':
      return classifyUnknown(effect, signal.cause, null);
    case 'answered':
      return classifyStatus(answers, effect, signal);
    default:
      return assertNever(signal);
  }
}

function classifyNotSent(answers: DestinationAnswers, { cause, because }: Extract<Signal, { kind: 'not_sent' }>): Verdict {
  if (because === 'payload') return { kind: 'refused', error: cause };
  if (because === 'credentials' && answers === 'standard') return { kind: 'pause', reason: 'destination_refuses_us', error: cause };
  return { kind: 'retry', cause, retryAfterSeconds: null, ...(because === 'us' ? { uncounted: true } : {}) };
}

/** The call may have taken effect. It may be repeated only where a second call with the same key changes nothing. */
function classifyUnknown(effect: DestinationEffect, cause: string, retryAfterSeconds: number | null): Verdict {
  switch (effect) {
    case 'keyed':
    case 'upsert':
      return { kind: 'retry', cause, retryAfterSeconds };
    case 'search_first':
    case 'blind':
      return { kind: 'hold', reason: 'unknown_outcome', error: `Unknown outcome: ${cause}` };
    default:
      return assertNever(effect);
  }
}

function classifyStatus(
  answers: DestinationAnswers,
  effect: DestinationEffect,
  { statusCode, successRule, retryAfterSeconds, meaning }: Extract<Signal, { kind: 'answered' }>,
): Verdict {
  if (successRule) return { kind: 'delivered' };
  if (meaning !== undefined) return classifyMeaning(answers, meaning, retryAfterSeconds);
  if (statusCode === 408 || statusCode === 425 || statusCode === 429) {
    return { kind: 'retry', cause: `Client error: ${statusCode}`, retryAfterSeconds };
  }
  if (statusCode >= 500) return { kind: 'retry', cause: `Server error: ${statusCode}`, retryAfterSeconds };
  if (statusCode >= 200 && statusCode < 300) {
    return classifyUnknown(effect, `Unexpected answer: ${statusCode}`, retryAfterSeconds);
  }
  if (answers === 'standard' && (statusCode === 401 || statusCode === 403 || statusCode === 407)) {
    return { kind: 'pause', reason: 'destination_refuses_us', error: `Client error: ${statusCode}` };
  }
  return { kind: 'refused', error: `Client error: ${statusCode}` };
}

function classifyMeaning(answers: DestinationAnswers, { kind, cause }: AnswerMeaning, retryAfterSeconds: number | null): Verdict {
  switch (kind) {
    case 'retry':
      return { kind: 'retry', cause, retryAfterSeconds };
    case 'refuses_us':
      return answers === 'standard' ? { kind: 'pause', reason: 'destination_refuses_us', error: cause } : { kind: 'refused', error: cause };
    case 'refused':
      return { kind: 'refused', error: cause };
    default:
      return assertNever(kind);
  }
}
