import type { DestinationCall } from '../../destination.port.js';

/** Code of NoProof: whoever gives tokens refuses us. */
export const TOKEN_REFUSED = 'TOKEN_REFUSED';

/** What a call shows to be let in. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  /** Where whoever gave it says that calls go: `instance_url` of a token's answer, as it came. */
  readonly instanceUrl?: string;
  /** Another one, after the destination refused this one with 401; absent: there is no other. */
  readonly renew?: () => Promise<Proof | NoProof>;
}

/** None could be had, so nothing is sent. */
export interface NoProof {
  readonly code: string;
  /** For people; no values. */
  readonly cause: string;
}

export interface Credentials {
  /** What must not show in anything that is kept of an answer: some destinations repeat what they were sent. */
  readonly secrets: readonly string[];
  prove(call: Pick<DestinationCall, 'payload' | 'idempotencyKey' | 'signal'>): Proof | Promise<Proof | NoProof>;
}
