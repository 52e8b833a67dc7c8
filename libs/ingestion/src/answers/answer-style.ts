import type { LeadId } from '#core';
import type { Problem } from '#platform';
import type { OnDuplicateKeys } from '../body/read-json.js';

/** What the sender of an accepted lead is told. A repeated request is told the first one's. */
export interface LeadReceipt {
  readonly leadId: LeadId;
  readonly correlationId: string;
}

export interface StyledAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * How one kind of old client is answered. Pure: everything the answer says comes in as an argument. A further style is one file beside
 * this one, its name in ANSWER_STYLES of the core and its entry in answer-styles.ts.
 */
export interface AnswerStyle {
  /** The status of an accepted lead; also what is stored with the request, before the answer is made. */
  readonly acceptedStatus: number;
  /** The status of a repeated request. */
  readonly replayedStatus: number;
  /** Repeated names in a JSON object: the old routes flag the lead, newer ones refuse. */
  readonly onDuplicateKeys: OnDuplicateKeys;
  accepted(receipt: LeadReceipt): StyledAnswer;
  /** The same key and an equal body again. */
  replayed(receipt: LeadReceipt): StyledAnswer;
  /** RFC 9457 members plus those the old clients read. */
  failed(problem: Problem, correlationId: string): StyledAnswer;
}
