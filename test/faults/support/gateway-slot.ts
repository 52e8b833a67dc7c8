import { spawnSync } from 'node:child_process';
import { eventually, LIMIT_SECONDS } from '../../support/eventually.js';
import { type GatewayOptions, type GatewayProcess, startGateway } from '../../support/gateway-process.js';

export interface Life {
  /** LEADGATE_FAILPOINTS of this life. */
  readonly failpoints?: string;
  readonly env?: Record<string, string>;
  /** Do not wait until it takes leads: Postgres is away, or it is meant to die before. */
  readonly unready?: boolean;
}

/** One gateway as an operator sees it: the same port and settings through all its lives, whatever ends them. */
export class GatewaySlot {
  private life: GatewayProcess | undefined;
  private past = '';
  private port = '0';
  private lives = 0;
  private nameOfLife = '';

  /** @param name of its own among the gateways on one database */
  constructor(
    private readonly name: string,
    private readonly options: GatewayOptions,
  ) {}

  /** What Postgres calls the sessions of this life: `leadgate-<purpose>/<lifeName>`. */
  get lifeName(): string {
    return this.nameOfLife;
  }

  get running(): GatewayProcess {
    if (this.life === undefined) throw new Error('The gateway was never started.');
    return this.life;
  }

  get url(): string {
    return this.running.url;
  }

  get pid(): number {
    return this.running.process.pid ?? 0;
  }

  get alive(): boolean {
    return this.life !== undefined && this.life.process.exitCode === null && this.life.process.signalCode === null;
  }

  async start({ failpoints, env = {}, unready = false }: Life = {}): Promise<void> {
    if (this.alive) throw new Error('The gateway is still alive.');
    this.past = this.output();
    const armed: Record<string, string> =
      failpoints === undefined ? {} : { LEADGATE_FAILPOINTS: failpoints, LEADGATE_ALLOW_FAILPOINTS: 'yes' };
    this.lives += 1;
    const databaseUrl = new URL(this.options.databaseUrl);
    const nameOfLife = `${this.name}-life-${this.lives}`;
    databaseUrl.searchParams.set('application_name', nameOfLife);
    this.life = await startGateway({
      ...this.options,
      databaseUrl: databaseUrl.href,
      env: { ...this.options.env, PORT: this.port, ...armed, ...env },
    });
    // Not before: who starts it a second time meanwhile, as whoever watches over it may, finds its port taken.
    this.nameOfLife = nameOfLife;
    this.port = new URL(this.life.url).port;
    if (!unready) await this.ready();
  }

  async ready(): Promise<void> {
    let answer = 'nothing';
    const asked = async (): Promise<boolean> => {
      const response = await fetch(`${this.url}/health/ready`);
      answer = await response.text();
      return response.ok;
    };
    await eventually(
      'the gateway is ready',
      async () => {
        const ready = await asked().catch((error: Error) => {
          answer = error.message;
          return false;
        });
        return ready ? true : undefined;
      },
      LIMIT_SECONDS,
      async () => `It answered ${answer}. ${await this.running.account()}`,
    );
  }

  /** Until it rings what it accepts: that it takes leads says nothing of that. */
  async connectedToQueue(): Promise<void> {
    let answer = 'nothing';
    await eventually(
      'the gateway is connected to its queue',
      async () => {
        answer = await (await fetch(`${this.url}/health`)).text();
        const { components } = JSON.parse(answer) as { components: Record<string, { status: string }> };
        return components['queue']?.status === 'up' ? true : undefined;
      },
      LIMIT_SECONDS,
      async () => `It answered ${answer}. ${await this.running.account()}`,
    );
  }

  /** How it ended, once it has. */
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.running.ended();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.alive) await this.running.kill(signal);
  }

  freeze(): void {
    this.running.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.running.process.kill('SIGCONT');
  }

  /** Until it was stopped by a failpoint or by `freeze`. */
  async frozen(): Promise<void> {
    await eventually('the gateway is stopped', async () => {
      const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(this.pid)], { encoding: 'utf8' });
      return stdout.trim().startsWith('T') ? true : undefined;
    });
  }

  /** Everything printed in all its lives. */
  output(): string {
    return this.past + (this.life?.output() ?? '');
  }
}
