import type { OperatorEventType } from '#core';
import type { ToldEvent } from './operator-webhook.port.js';

/** An event this process may send: until its lease ends, no other process does. */
export interface ClaimedEvent extends ToldEvent {
  /** From 1; the fence of what is written about the call. */
  readonly attemptNo: number;
}

/** What a round found. Events are `fresh` once: in the round that first took them up. */
export interface Round {
  readonly claimed: readonly ClaimedEvent[];
  readonly fresh: readonly ToldEvent[];
}

export interface SettledCall {
  readonly id: string;
  readonly attemptNo: number;
  readonly told: boolean;
  /** Until the next call; null: none follows. */
  readonly gapSeconds: number | null;
  readonly error: string | null;
}

/** The events as rows, shared by all processes. */
export abstract class EventStore {
  /** Takes up to `most` events whose turn it is, within `perMinute`; what is beyond goes into a summary. */
  abstract claim(perMinute: number, most: number): Promise<Round>;
  /** There is nobody to tell: what is due, and that old, is kept as it is and not looked at again. */
  abstract keep(error: string | null, olderThanSeconds: number): Promise<readonly ToldEvent[]>;
  abstract settle(calls: readonly SettledCall[]): Promise<void>;
}

/** How loud an event is in the log. */
export function isGoodNews(type: OperatorEventType): boolean {
  return GOOD_NEWS.includes(type);
}

const GOOD_NEWS: readonly OperatorEventType[] = [
  'breaker.closed',
  'destination.resumed',
  'replay.finished',
  'replay.cancelled',
  'source.heard',
  'leads.moving',
  'ledger.balanced',
];
