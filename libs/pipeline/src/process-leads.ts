import {
  ActiveConfig,
  type ClaimCheck,
  type Hold,
  type LeadFacts,
  type LeadId,
  type ResolvedConfig,
  sourceIdOf,
  type TenantId,
} from '#core';
import { failpoint, isDatabaseUnavailable, isDataError, persistently, sqlStateOf, type Logger } from '#platform';
import type { LeadPipeline } from './lead-pipeline.js';
import type { DecidedLead, LeadStore, LoadedLead } from './lead-store.port.js';
import type { TellDecisions } from './tell-decisions.js';

/** A lead is run alone after it was in a process that died, and held after this many deaths: the first may have been among others. */
const MOST_CRASHES = 3;
/** A journey of its own, so that who asks for the verdict reads it: WARN, held. A person looks at the lead and reprocesses it. */
const POISON: Hold = {
  kind: 'hold',
  reason: { code: 'poison', detail: `${MOST_CRASHES} processes died while they had this lead in hand` },
  holdSeconds: null,
};

/** Of deciding one lead while it loses claims. */
const MAX_ROUNDS = 5;

const micros = (): number => Number(process.hrtime.bigint() / 1000n);

/** How one lead left the pipeline. `waits`: nothing was decided, it is held or looked at again later. */
export type ProcessedLead =
  | { readonly kind: 'decided'; readonly decided: DecidedLead }
  | { readonly kind: 'decided_elsewhere' }
  | { readonly kind: 'waits'; readonly why: string };

/**
 * Stored leads → decided leads. Each lead is decided by itself and stored in one commit with its journey, state, audit and
 * deliveries; a run that is repeated, late or doubled finds the lead decided and writes nothing.
 */
export class ProcessLeads {
  private readonly inHand = new Set<LeadId>();
  /** Told once: a process that has taken up a configuration of a tenant keeps one. */
  private readonly toldClosed = new Set<TenantId>();
  /** The end of the line of leads that were in a process that died. */
  private lastTurn: Promise<void> = Promise.resolve();

  constructor(
    private readonly pipeline: LeadPipeline,
    private readonly store: LeadStore,
    private readonly config: ActiveConfig,
    private readonly teller: TellDecisions,
    private readonly logger: Logger,
  ) {}

  /**
   * A lead that another job of this process has in hand is left to it: behind a long backlog the relay rings twice, and a second load would
   * count as a crash that never was.
   */
  async run(ids: readonly LeadId[]): Promise<void> {
    await failpoint('process_before_load');
    const free = ids.filter((id) => !this.inHand.has(id));
    if (free.length === 0) return;
    for (const id of free) this.inHand.add(id);
    try {
      const loaded = await this.load(free, false);
      await this.decideAll(loaded);
      if (free.length === 1 && loaded.length === 0) await this.inTurn(async () => this.decideAll(await this.load(free, true)));
    } finally {
      for (const id of free) this.inHand.delete(id);
    }
  }

  /** Whatever kills the process cannot have a second suspect counted with it: a process loads one at a time, and none among others. */
  private async inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.lastTurn.then(work);
    this.lastTurn = turn.catch(() => {});
    await turn;
  }

  private async decideAll(loaded: readonly LoadedLead[]): Promise<void> {
    try {
      const [usable, closed] = [loaded.filter((lead) => this.isUsable(lead)), loaded.filter((lead) => !this.isUsable(lead))];
      await Promise.all([this.leaveWaiting(closed), ...usable.map((lead) => this.decide(lead))]);
    } catch (error) {
      // That counts against no lead. If the database stays away, the count stands, the leads count as rung for a minute, and are run alone then.
      if (isDatabaseFault(error)) await persistently(() => this.store.forgive(loaded.map(({ id }) => id)));
      throw error;
    }
  }

  /** Suspects among others wait to be rung alone. A load whose connection broke leaves its leads marked as rung: those, too. */
  private async load(ids: readonly LeadId[], suspects: boolean): Promise<LoadedLead[]> {
    try {
      const loaded = await this.store.load(ids, suspects);
      if (ids.length > 1 && loaded.length < ids.length) {
        const found = new Set(loaded.map(({ id }) => id));
        await this.store.unring(ids.filter((id) => !found.has(id)));
      }
      return loaded;
    } catch (error) {
      if (isDatabaseFault(error)) await persistently(() => this.store.unring(ids));
      throw error;
    }
  }

  /** One lead, from its stored content to its committed decision. @throws on faults; then nothing was written */
  async decide(lead: LoadedLead): Promise<ProcessedLead> {
    const isPoison = lead.crashCount >= MOST_CRASHES;
    if (!isPoison) await failpoint('process_after_load', lead.id);
    const resolved = this.config.tenant(lead.tenantId);
    if (resolved === undefined) {
      await this.leaveWaiting([lead]);
      return { kind: 'waits', why: 'its tenant has no configuration that can be used here' };
    }
    return isPoison ? this.decideAs(POISON, lead, resolved) : this.decideWith(lead, resolved);
  }

  private isUsable({ tenantId }: LoadedLead): boolean {
    return this.config.tenant(tenantId) !== undefined;
  }

  private async leaveWaiting(leads: readonly LoadedLead[]): Promise<void> {
    if (leads.length === 0) return;
    for (const tenantId of await this.store.leaveWaiting(leads)) {
      if (this.toldClosed.has(tenantId)) continue;
      this.toldClosed.add(tenantId);
      this.logger.warn(
        { component: 'pipeline', tenant_id: tenantId },
        'this process can use no configuration of this tenant: its leads wait. /health says what is wrong with the active version; mend that, or activate another one: leadgate config activate',
      );
    }
  }

  /** Without running anything: what the lead does to a process is what it is held for. */
  private async decideAs(outcome: Hold, lead: LoadedLead, resolved: ResolvedConfig): Promise<ProcessedLead> {
    const journey = { outcome, facts: startOf(lead, resolved, 'skipped'), stages: [], durationMicros: 0 };
    const decided = { lead, config: resolved, journey };
    const won = (await this.store.decide(decided)) === 'decided';
    this.teller.tell(decided, won, 0);
    return won ? { kind: 'decided', decided } : { kind: 'decided_elsewhere' };
  }

  /**
   * A claim that was lost while the journey ran is met again as the earlier lead's; claims that cannot be written are left out, and the
   * lead is flagged. Each round of a lost claim has a winner, so the rounds end by themselves; the limit is for what nobody foresaw.
   */
  private async decideWith(lead: LoadedLead, resolved: ResolvedConfig): Promise<ProcessedLead> {
    const began = micros();
    let claimCheck: ClaimCheck = 'usual';
    for (let round = 1; ; round += 1) {
      const journey = await this.pipeline.run(startOf(lead, resolved, claimCheck), micros);
      const decided = { lead, config: resolved, journey };
      const result = await this.store.decide(decided);
      if (result === 'decided' || result === 'decided_elsewhere') {
        const won = result === 'decided';
        this.teller.tell(decided, won, (micros() - began) / 1000);
        return won ? { kind: 'decided', decided } : { kind: 'decided_elsewhere' };
      }
      if (claimCheck === 'skipped') throw new Error('A lead without claims cannot lose one.');
      // Whoever holds up our claim may be about to commit: one look at the index tells, and if that does not answer either, it is unavailable.
      const lastTry: boolean = round >= MAX_ROUNDS || (result === 'claims_unavailable' && claimCheck !== 'usual');
      claimCheck = lastTry ? 'skipped' : 'certain';
    }
  }
}

/** What the pipeline begins with, for a stored lead under one version of its tenant's configuration. */
export function startOf(lead: LoadedLead, resolved: ResolvedConfig, claimCheck: ClaimCheck): LeadFacts {
  const { config } = resolved;
  return {
    lead: {
      id: lead.id,
      tenantId: lead.tenantId,
      sourceId: lead.sourceId,
      receivedAt: lead.receivedAt,
      nativeId: lead.nativeId,
      flags: lead.flags,
    },
    payload: lead.payload,
    config,
    configVersionId: resolved.id,
    claimCheck,
    source: config.sources.find(({ name }) => sourceIdOf(config.tenant, name) === lead.sourceId) ?? {},
  };
}

/** The fault lies with the database or with our statements (away, overloaded, not migrated), not in the values of a lead. */
function isDatabaseFault(error: unknown): boolean {
  return isDatabaseUnavailable(error) || (sqlStateOf(error) !== undefined && !isDataError(error));
}
