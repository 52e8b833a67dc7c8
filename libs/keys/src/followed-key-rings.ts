import type { TenantId } from '#core';
import { type ComponentHealth, type HealthProbe, type Logger, Rounds, ToldProblems } from '#platform';
import type { UsableRings } from './decide-usable-rings.js';
import { readKeyDocument, type KeyDocument } from './key-document.js';
import { type KeyProvider, KeysUnreadable } from './key-provider.port.js';
import type { KeyRegistry } from './key-registry.port.js';
import { type KeyRing, KeyRings } from './key-rings.port.js';

export interface FollowedKeyRingsParts {
  readonly provider: KeyProvider;
  readonly registry: KeyRegistry;
  readonly logger: Logger;
  readonly pollSeconds: number;
}

const NOTHING_YET: UsableRings = {
  shared: null,
  tenants: new Map(),
  problems: ['the identity keys were not read yet'],
  refused: false,
  register: [],
};

/**
 * The rings of this process, one look a round: at the provider, then at the registry. What was good stays in use when a look fails or brings
 * something unusable. A ring that the registry refuses is not used: a process with a key of its own would miss duplicates in silence.
 */
export class FollowedKeyRings extends KeyRings implements HealthProbe {
  readonly component = 'keys';
  private usable = NOTHING_YET;
  /** As the provider had it when it last could be read. */
  private document: KeyDocument | undefined;
  /** The last one that no ring was refused of. */
  private agreed: KeyDocument | undefined;
  private documentProblems: readonly string[] = [];
  private registryProblem: string | undefined;
  private readonly told: ToldProblems;
  private readonly rounds: Rounds;

  constructor(private readonly parts: FollowedKeyRingsParts) {
    super();
    this.told = new ToldProblems(parts.logger, 'keys', 'the identity keys have no problems any more');
    this.rounds = new Rounds(() => this.look(), parts.pollSeconds * 1000);
  }

  override ringOf(tenantId: TenantId): KeyRing | null {
    const own = this.usable.tenants.get(tenantId);
    return own === undefined ? this.usable.shared : own;
  }

  /** Resolves after the first look, whatever came of it. */
  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** One look, after the one that is running. */
  refresh(): Promise<void> {
    return this.rounds.now();
  }

  /** Sentences without keys, secrets or values of people. */
  problems(): string[] {
    return [...this.documentProblems, ...(this.registryProblem === undefined ? [] : [this.registryProblem]), ...this.usable.problems];
  }

  probe(): Promise<ComponentHealth> {
    const problems = this.problems();
    return Promise.resolve(problems.length === 0 ? { status: 'up' } : { status: 'degraded', detail: problems.join(' · ') });
  }

  private async look(): Promise<void> {
    await this.lookAtProvider();
    if (this.document !== undefined) await this.lookAtRegistry(this.document);
    this.told.tell(this.problems());
  }

  private async lookAtProvider(): Promise<void> {
    const { provider } = this.parts;
    try {
      const text = (await provider.read()) ?? (await this.makeFirst());
      const reading = readKeyDocument(text);
      if ('document' in reading) {
        this.document = reading.document;
        this.documentProblems = [];
      } else this.documentProblems = reading.problems.map((problem) => `${problem}${this.meanwhile()}`);
    } catch (error) {
      if (!(error instanceof KeysUnreadable)) throw error;
      this.documentProblems = [`${error.message}${this.meanwhile()}`];
    }
  }

  /** Keys that were there and are gone are not replaced by new ones: those would find nothing. */
  private async makeFirst(): Promise<string> {
    const { provider } = this.parts;
    if (provider.make !== undefined && this.document === undefined) return provider.make();
    throw new KeysUnreadable(`the identity keys are gone from ${provider.place}: put them back from a copy`);
  }

  private async lookAtRegistry(document: KeyDocument): Promise<void> {
    try {
      const usable = await this.parts.registry.agree(document);
      if (!usable.refused) this.agreed = document;
      if (!usable.refused || this.agreed === undefined) this.usable = usable;
      else {
        const before = await this.parts.registry.agree(this.agreed);
        this.usable = before.refused
          ? usable
          : { ...before, problems: usable.problems.map((problem) => `${problem} The keys read before stay in use.`) };
      }
      this.registryProblem = undefined;
    } catch {
      this.registryProblem = 'the registry of identity keys cannot be read from Postgres; what was agreed before holds';
    }
  }

  private meanwhile(): string {
    return this.document === undefined ? '; until then leads are not checked for duplicates' : '; the keys read before stay in use';
  }
}
