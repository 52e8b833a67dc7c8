import type { ComponentHealth, HealthProbe, HealthProbes } from '#platform';

export interface Health {
  /** Postgres answers: leads are taken. The only thing that decides a status code. */
  readonly ok: boolean;
  readonly status: 'ok' | 'degraded' | 'down';
  readonly components: Readonly<Record<string, ComponentHealth>>;
}

/** A probe that takes longer counts as down; well under the time-outs of load balancers. */
export const PROBE_LIMIT_MS = 1000;

/** Asks every component, all at once. Requests that come while a check runs share it, so a flood of them costs one round of probes. */
export class CheckHealth {
  private running: Promise<Health> | undefined;

  constructor(
    private readonly probes: HealthProbes,
    private readonly limitMs: number = PROBE_LIMIT_MS,
  ) {}

  run(): Promise<Health> {
    this.running ??= this.check().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async check(): Promise<Health> {
    const answers = await Promise.all(this.probes.all().map(async (probe) => [probe.component, await this.ask(probe)] as const));
    const components = Object.fromEntries(answers);
    const ok = components['postgres']?.status === 'up';
    const allUp = Object.values(components).every(({ status }) => status === 'up');
    return { ok, status: !ok ? 'down' : allUp ? 'ok' : 'degraded', components };
  }

  private async ask(probe: HealthProbe): Promise<ComponentHealth> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<ComponentHealth>((resolve) => {
      timer = setTimeout(() => resolve({ status: 'down', detail: `no answer within ${this.limitMs} ms` }), this.limitMs);
    });
    // The error's own words may hold addresses and values; the log of the component has them.
    const answer = Promise.resolve()
      .then(() => probe.probe())
      .catch((): ComponentHealth => ({ status: 'down', detail: 'does not answer' }));
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
