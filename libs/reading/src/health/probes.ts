import {
  type ComponentHealth,
  type ConfigStore,
  type HealthProbe,
  oldestUndecided,
  type Pool,
  type QueueBackend,
  type Relay,
} from '#platform';

/** Does Postgres answer on a connection of the relay's pool? That one is never taken up by a flood at the door. */
export class PostgresProbe implements HealthProbe {
  readonly component = 'postgres';

  constructor(private readonly pool: Pool) {}

  async probe(): Promise<ComponentHealth> {
    await this.pool.query('SELECT 1');
    return { status: 'up' };
  }
}

/** Is there a configuration, and is every file of it in use? With problems the versions before them stay in use. */
export class ConfigProbe implements HealthProbe {
  readonly component = 'config';

  constructor(private readonly config: Pick<ConfigStore, 'tenants' | 'problems'>) {}

  probe(): Promise<ComponentHealth> {
    const none = this.config.tenants().length === 0 ? ['no tenant has an active configuration: `leadgate config apply` imports one'] : [];
    const problems = [...none, ...this.config.problems()];
    return Promise.resolve(problems.length === 0 ? { status: 'up' } : { status: 'degraded', detail: problems.join('; ') });
  }
}

/** Rung leads are decided within a second; one that waits this long means that nothing decides them. */
const WAITING_TOO_LONG_SECONDS = 60;

/** Are leads decided? Looks at the one that waits longest. */
export class PipelineProbe implements HealthProbe {
  readonly component = 'pipeline';

  constructor(private readonly pool: Pool) {}

  async probe(): Promise<ComponentHealth> {
    const seconds = (await oldestUndecided(this.pool))?.seconds ?? 0;
    if (seconds < WAITING_TOO_LONG_SECONDS) return { status: 'up' };
    return {
      status: 'degraded',
      detail: `a lead has waited ${Math.round(seconds)} s to be decided: does a process with role pipeline run?`,
    };
  }
}

const BEING_CONNECTED = 'the queue is being connected; if it stays so, this process says why in its log (component queue)';

/**
 * Can this process put jobs on the queue and take them from it? Its server may answer and the process not be connected: in the first moments, and
 * for as long as connecting fails. No lead is refused for it, rings and jobs are later.
 */
export class QueueProbe implements HealthProbe {
  readonly component = 'queue';

  constructor(
    private readonly backend: Pick<QueueBackend, 'obstacle'>,
    private readonly relay: Pick<Relay, 'connected'>,
  ) {}

  async probe(): Promise<ComponentHealth> {
    const obstacle = await this.backend.obstacle();
    if (obstacle !== null) return { status: 'degraded', detail: obstacle };
    return this.relay.connected ? { status: 'up' } : { status: 'degraded', detail: BEING_CONNECTED };
  }
}
