import type { LeadId } from '#core';
import type { Verdict as LeadVerdict } from '#pipeline';
import type { Problem } from '#platform';
import type { OnDuplicateKeys } from '../body/read-json.js';
import type { BodyIssue } from '../body/refusal.js';

/** What the sender of an accepted lead is told. */
export interface LeadReceipt {
  readonly leadId: LeadId;
  /** Its place in the request, from 0. */
  readonly itemNo: number;
  /** What was decided about it; null: nobody waited for that, or it was not there in time. */
  readonly verdict: LeadVerdict | null;
}

/** What the sender of an accepted request is told. A repeated request is told the first one's. */
export interface Receipt {
  readonly correlationId: string;
  readonly leads: readonly [LeadReceipt, ...LeadReceipt[]];
  /** From the last byte of the body. */
  readonly latencyMs: number;
}

export interface StyledAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * How one kind of client is answered. Pure: everything the answer says comes in as an argument. A further style is one file beside
 * this one, its name in ANSWER_STYLES of the core and its entry in answer-styles.ts.
 */
export interface AnswerStyle {
  /** The status of an accepted lead; also what is stored with the request, before the answer is made. */
  readonly acceptedStatus: number;
  /** The status of a repeated request. */
  readonly replayedStatus: number;
  /** Repeated names in a JSON object: the old routes flag the lead, newer ones refuse. */
  readonly onDuplicateKeys: OnDuplicateKeys;
  /** Of a body that cannot be understood; 422 where the clients know only that. */
  readonly badBodyStatus: 400 | 422;
  /** The answer is the verdict: without one there is none. */
  readonly needsVerdict: boolean;
  accepted(receipt: Receipt): StyledAnswer;
  /** The same key and an equal body again. */
  replayed(receipt: Receipt): StyledAnswer;
  /** Understood, and there was no lead in it. */
  nothing(correlationId: string): StyledAnswer;
  /** RFC 9457 members plus those the old clients read. @param issues the faults of the body one by one, on routes with a schema */
  failed(problem: Problem, correlationId: string, issues: readonly BodyIssue[]): StyledAnswer;
}
