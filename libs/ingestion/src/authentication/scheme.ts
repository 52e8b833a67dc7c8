import type { Principal } from '#access';
import type { SourceConfig, SourceId } from '#core';
import type { Refusal } from '../body/refusal.js';
import type { RequestHead } from '../door/request-head.js';

/** What a sender shows: a request whose body was read, and whose API key was looked up where it carries one. */
export interface ShownRequest {
  readonly head: Pick<RequestHead, 'headers' | 'peerAddress'>;
  /** The body as it arrived. Signatures are made over these bytes. */
  readonly bytes: Buffer;
  /** Seconds since 1970 by our clock. */
  readonly now: number;
  /** Whose API key `Authorization: Bearer` carries; null for none and for one that is not known. */
  readonly principal: Principal | null;
  /** The source that is asked: an API key must be made for it. */
  readonly sourceId: SourceId;
}

/** How one scheme judges a request to a source that is configured with it. Pure, never throws, and takes a time that says nothing about a secret. */
export type JudgeScheme = (source: SourceConfig, request: ShownRequest) => Refusal | null;
