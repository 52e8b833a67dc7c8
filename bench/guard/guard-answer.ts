import { DECISIONS, type Decision } from '#core';
import type { Answer } from '../support/answer-reader.js';

/** What the benchmark reads of an answer of the guard. */
export interface GuardAnswer {
  readonly requestId: string;
  readonly decision: Decision;
  readonly reasonCodes: readonly string[];
  readonly checkSkipped: boolean;
}

/** @returns undefined for anything but a decision: no answer, another status, another shape */
export function readGuardAnswer(answer: Answer | undefined): GuardAnswer | undefined {
  if (answer?.status !== 200) return undefined;
  try {
    const { request_id, decision, reason_codes, duplicate_check_skipped } = JSON.parse(answer.body.toString('utf8')) as Record<
      string,
      unknown
    >;
    const known = DECISIONS.find((one) => one === decision);
    if (typeof request_id !== 'string' || known === undefined || !Array.isArray(reason_codes)) return undefined;
    return {
      requestId: request_id,
      decision: known,
      reasonCodes: reason_codes.map(String),
      checkSkipped: duplicate_check_skipped === true,
    };
  } catch {
    return undefined;
  }
}
