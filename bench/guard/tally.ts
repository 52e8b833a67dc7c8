import type { Decision } from '#core';
import { rounded } from '../support/statistics.js';
import { AnswersGiven } from './answers-given.js';
import type { GuardAnswer } from './guard-answer.js';
import type { LabelledLead } from './labels.js';
import type { LeadKind } from './lead-kinds.js';

/** A lead that was decided otherwise than its label allows; nothing of its content. */
export interface Mistake {
  readonly number: number;
  readonly kind: LeadKind;
  readonly allowed: readonly Decision[];
  readonly decision: Decision | 'no decision';
  readonly reasonCodes: readonly string[];
}

const MISTAKES_KEPT = 10;
const MUST_NOT_BE_STOPPED: readonly LeadKind[] = ['clean', 'dirty', 'edge_case'];

/** Counts how well the answers agree with the labels under one policy. */
export class Tally {
  /** No answer, or one without a decision. */
  undecided = 0;
  checksSkipped = 0;
  falsePositives = 0;
  replays = 0;
  /** Of `replays`, those with the request id and the decision of the first answer. */
  sameReplays = 0;
  readonly mistakes: Mistake[] = [];
  readonly given: AnswersGiven;
  private readonly certain = { leads: 0, right: 0 };
  private readonly nearDuplicates = { leads: 0, right: 0 };

  constructor(
    private readonly policy: 'STRICT' | 'SALVAGE',
    count: number,
  ) {
    this.given = new AnswersGiven(count);
  }

  /** Of the leads with exactly one allowed decision, the share decided so; 1 is all. */
  get accuracy(): number {
    return shareOf(this.certain);
  }

  /** Of the near-duplicates, the share that was hinted at; 1 is all. */
  get nearDuplicateRecall(): number {
    return shareOf(this.nearDuplicates);
  }

  answered(lead: LabelledLead, answer: GuardAnswer | undefined): void {
    const allowed = lead.allowed[this.policy];
    const decision = answer?.decision;
    const right = decision !== undefined && allowed.includes(decision);
    if (answer === undefined) this.undecided += 1;
    else this.keep(lead, answer);
    if (allowed.length === 1) count(this.certain, right);
    if (lead.kind === 'near_duplicate') count(this.nearDuplicates, decision === 'DUPLICATE_HINT');
    const stopped = decision === 'REJECT' || decision === 'DUPLICATE_HINT';
    if (MUST_NOT_BE_STOPPED.includes(lead.kind) && allowed.length === 1 && allowed[0] === 'PASS' && stopped) this.falsePositives += 1;
    if (!right && this.mistakes.length < MISTAKES_KEPT) {
      const { number, kind } = lead;
      this.mistakes.push({ number, kind, allowed, decision: decision ?? 'no decision', reasonCodes: answer?.reasonCodes ?? [] });
    }
  }

  private keep(lead: LabelledLead, answer: GuardAnswer): void {
    if (answer.checkSkipped) this.checksSkipped += 1;
    this.given.keep(lead.number, answer);
    if (!lead.isReplay || lead.copyOf === null) return;
    this.replays += 1;
    if (this.given.isSame(lead.copyOf, answer)) this.sameReplays += 1;
  }
}

interface Share {
  leads: number;
  right: number;
}

function count(share: Share, right: boolean): void {
  share.leads += 1;
  if (right) share.right += 1;
}

const shareOf = ({ leads, right }: Share): number => (leads === 0 ? 1 : rounded(right / leads, 6));
