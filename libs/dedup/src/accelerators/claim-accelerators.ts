import type { KeyRings } from '#keys';
import type { ClaimIndex } from '../claim-index.port.js';
import { AcceleratedClaimIndex, type UncheckedLeads } from './accelerated-claim-index.js';
import type { ClaimFilter } from './claim-filter.port.js';

/** Something that is done once in a while until it is stopped. */
export interface Rounds {
  start(): void;
  stop(): Promise<void>;
}

/** A filter with what keeps it in step with Postgres. */
export interface KeptFilter extends ClaimFilter {
  /** One round, once a second. */
  refresh(): Promise<void>;
  close?(): void;
}

export interface ClaimAcceleratorsParts {
  readonly filters: readonly KeptFilter[];
  readonly unchecked: UncheckedLeads;
  readonly rounds: Rounds;
}

/** The accelerators this process was told to use. Whoever runs it calls start() once Postgres answers, and stop(). Without a start all look-ups are made. */
export class ClaimAccelerators {
  constructor(private readonly parts: ClaimAcceleratorsParts) {}

  over(index: ClaimIndex, rings: KeyRings): ClaimIndex {
    const { filters, unchecked } = this.parts;
    return filters.length === 0 ? index : new AcceleratedClaimIndex(index, rings, filters, unchecked);
  }

  start(): void {
    this.parts.rounds.start();
  }

  async stop(): Promise<void> {
    await this.parts.rounds.stop();
    for (const filter of this.parts.filters) filter.close?.();
  }
}
