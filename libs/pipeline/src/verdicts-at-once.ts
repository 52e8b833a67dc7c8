import type { LeadId } from '#core';
import type { Logger } from '#platform';
import type { FirstJourneys } from './first-journeys.port.js';
import type { LoadedLead } from './lead-store.port.js';
import type { ProcessLeads } from './process-leads.js';
import { type Verdict, Verdicts } from './verdicts.port.js';
import { verdictOver } from './verdict-over.js';

/** The lead is stored, but there is no verdict: a fault, no configuration, or not enough time. The relay decides it later. */
export class Undecided extends Error {
  constructor(why: string) {
    super(`The lead is stored and will be decided later: ${why}.`);
    this.name = 'Undecided';
  }
}

/** Gaps between looks at a row that another process is about to write. */
const FIRST_GAP_MS = 5;
const LONGEST_GAP_MS = 250;

/** The synchronous verdict: ProcessLeads' own run over one lead, and the first journey's row for everybody who comes later. */
export class VerdictsAtOnce extends Verdicts {
  /**
   * Runs go on when their sender was told to come again, so while no decision can be written they would pile up with their leads (measured:
   * 13 MB/s at 500 requests/s). What comes beyond this many is the relay's at once. In ordinary times there are as many as open requests.
   */
  static readonly MAX_RUNNING = 2000;
  private readonly running = new Map<LeadId, Promise<Verdict>>();

  constructor(
    private readonly processLeads: ProcessLeads,
    private readonly journeys: FirstJourneys,
    private readonly logger: Logger,
  ) {
    super();
  }

  override async decide(lead: LoadedLead, withinMs: number): Promise<Verdict> {
    const running = this.running.get(lead.id);
    if (running === undefined && this.running.size >= VerdictsAtOnce.MAX_RUNNING) throw new Undecided('too many leads wait for theirs');
    const verdict = await within(running ?? this.start(lead), withinMs);
    if (verdict === LATE) throw new Undecided(`there is no verdict after ${withinMs} ms`);
    return verdict;
  }

  override async await(leadId: LeadId, withinMs: number): Promise<Verdict | null> {
    const until = performance.now() + withinMs;
    const left = (): number => Math.max(0, until - performance.now());
    // A run of this process that fails says nothing about the next one, which may be another process's.
    const here = await within(this.running.get(leadId)?.catch(() => null) ?? Promise.resolve(null), left());
    if (here === LATE) return null;
    if (here !== null) return here;
    for (let gap = FIRST_GAP_MS; ; gap = Math.min(gap * 2, LONGEST_GAP_MS)) {
      const read = await within(this.journeys.of(leadId), left());
      if (read === LATE) return null;
      if (read !== null) return read;
      await pause(Math.min(gap, left()));
    }
  }

  private start(lead: LoadedLead): Promise<Verdict> {
    const run = this.run(lead).finally(() => this.running.delete(lead.id));
    this.running.set(lead.id, run);
    // Also when nobody waits any more: the fault is told here, and the relay takes the lead up after `claimed_until`.
    run.catch((error: unknown) =>
      this.logger.warn(
        { lead_id: lead.id, error_name: error instanceof Error ? error.name : typeof error },
        'a lead was not decided at once',
      ),
    );
    return run;
  }

  private async run(lead: LoadedLead): Promise<Verdict> {
    const end = await this.processLeads.decide(lead);
    if (end.kind === 'decided' && lead.journeyNo === 1) return verdictOver(end.decided);
    if (end.kind === 'waits') throw new Undecided(end.why);
    const verdict = await this.journeys.of(lead.id);
    if (verdict === null) throw new Undecided('it left the pipeline without a journey');
    return verdict;
  }
}

const LATE = Symbol('late');

/** The promise itself goes on. */
async function within<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, milliseconds, LATE);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
