import type { IncomingHttpHeaders } from 'node:http';

/** A request before its body. */
export interface RequestHead {
  readonly method: string;
  /** Without the query and without one trailing slash. */
  readonly path: string;
  /** What follows the question mark; null without one. */
  readonly query: string | null;
  readonly headers: IncomingHttpHeaders;
  readonly requestId: string;
  /** The other end of the socket. */
  readonly peerAddress: string;
  /** Who sent it: the peer, or whom a trusted proxy names. */
  readonly remoteAddress: string;
}

/** What came of reading a body. */
export type ReceivedBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** Over the cap: its first 4 KiB, and its size as far as it was seen or announced. */
  | { readonly kind: 'too_large'; readonly first: Buffer; readonly size: number }
  /** Cut off by the sender or by the deadline: nothing to answer, nothing to store. */
  | { readonly kind: 'aborted' }
  /** Too much is being read already. */
  | { readonly kind: 'no_room' };

/** A body that is kept, whatever becomes of it. */
export type StoredBody = Extract<ReceivedBody, { kind: 'whole' | 'too_large' }>;

export interface DoorAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A header that was sent once, or null. Node joins repeated headers with ", " except for a few, which it drops. */
export function headerOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}
