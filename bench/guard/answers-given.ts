import { DECISIONS } from '#core';
import type { GuardAnswer } from './guard-answer.js';

/** What was answered to each lead, in nine bytes: enough to say whether a later answer is the same. */
export class AnswersGiven {
  private readonly decisions: Uint8Array;
  private readonly requestIds: BigUint64Array;

  constructor(count: number) {
    this.decisions = new Uint8Array(count);
    this.requestIds = new BigUint64Array(count);
  }

  keep(number: number, answer: GuardAnswer): void {
    this.decisions[number] = codeOf(answer);
    this.requestIds[number] = tailOf(answer);
  }

  isSame(number: number, answer: GuardAnswer): boolean {
    return this.decisions[number] === codeOf(answer) && this.requestIds[number] === tailOf(answer);
  }
}

/** 0 stands for no answer. */
const codeOf = ({ decision }: GuardAnswer): number => DECISIONS.indexOf(decision) + 1;
/** The random half of the UUID. */
const tailOf = ({ requestId }: GuardAnswer): bigint => BigInt(`0x${requestId.replaceAll('-', '').slice(16) || '0'}`);
