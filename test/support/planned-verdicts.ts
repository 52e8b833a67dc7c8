import type { LeadId } from '#core';
import { type LoadedLead, type Verdict, Verdicts } from '#pipeline';

/** Nobody waits for a verdict here. */
export class NoVerdicts extends Verdicts {
  override decide(): never {
    throw new Error('no lead is decided at this door');
  }
  override await(): never {
    throw new Error('no verdict is read at this door');
  }
}

/** Says what a test planned, at once or not in time, and remembers what it was asked. */
export class PlannedVerdicts extends Verdicts {
  readonly decided: LoadedLead[] = [];
  readonly waitedMs: number[] = [];
  private readonly said = new Map<LeadId, Verdict>();

  /** @param plan null: there is no verdict in time */
  constructor(public plan: (lead: LoadedLead) => Partial<Verdict> | null = () => ({})) {
    super();
  }

  override async decide(lead: LoadedLead, withinMs: number): Promise<Verdict> {
    this.decided.push(lead);
    this.waitedMs.push(withinMs);
    const planned = this.plan(lead);
    if (planned === null) throw new Error('there is no verdict in time');
    const verdict: Verdict = {
      leadId: lead.id,
      tenantId: lead.tenantId,
      requestId: lead.requestId,
      decision: 'PASS',
      reasonCodes: [],
      duplicateOf: null,
      duplicateCheckSkipped: false,
      status: 'KEPT',
      versions: { policy: 1, ruleset: 2, config: 3 },
      ...planned,
    };
    this.said.set(lead.id, verdict);
    return verdict;
  }

  override async await(leadId: LeadId): Promise<Verdict | null> {
    return this.said.get(leadId) ?? null;
  }
}
