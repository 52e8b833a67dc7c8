import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres, prepareDatabase } from '#platform';
import { PROJECT_ROOT } from '../../support/child-process.js';
import { makeDataDir } from '../../support/gateway-process.js';

/** A Postgres of a suite's own, that may be stopped, killed, frozen and restarted. */
export class PrivatePostgres {
  private constructor(
    private readonly folder: Awaited<ReturnType<typeof makeDataDir>>,
    private server: EmbeddedPostgres,
  ) {}

  static async start(): Promise<PrivatePostgres> {
    const folder = await makeDataDir();
    const server = await launch(folder.path);
    await prepareDatabase({ ownerUrl: server.urls.owner, appUrl: server.urls.app, projectRoot: PROJECT_ROOT });
    return new PrivatePostgres(folder, server);
  }

  /** For FaultWorld. */
  get database() {
    return { url: this.server.urls.app, ownerUrl: this.server.urls.owner, drop: () => this.destroy() };
  }

  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    await this.server.stop(mode);
  }

  /** On the same port. */
  async start(): Promise<void> {
    this.server = await launch(this.folder.path);
  }

  /** SIGSTOP to all of its processes: connections stay open and nothing is answered. */
  freeze(): void {
    this.signal('SIGSTOP');
  }

  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Ends the sessions whose application name is like this. @returns how many */
  async terminate(applicationName = '%'): Promise<number> {
    const { pathname } = new URL(this.server.urls.app);
    const client = new pg.Client({ connectionString: Object.assign(new URL(this.server.urls.superuser), { pathname }).href });
    await client.connect();
    try {
      const { rowCount } = await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and application_name like $1`,
        [applicationName],
      );
      return rowCount ?? 0;
    } finally {
      await client.end();
    }
  }

  /** Sessions come and go: one that has ended since it was listed needs no signal. */
  private signal(signal: NodeJS.Signals): void {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }

  private processes(): number[] {
    const { stdout } = spawnSync('pgrep', ['-P', String(this.server.pid)], { encoding: 'utf8' });
    return [this.server.pid, ...stdout.split('\n').filter(Boolean).map(Number)];
  }

  private async destroy(): Promise<void> {
    this.thaw();
    await this.server.destroy();
    await this.folder.remove();
  }
}

function launch(folder: string): Promise<EmbeddedPostgres> {
  return EmbeddedPostgres.start({ dataDir: join(folder, 'postgres'), projectRoot: PROJECT_ROOT });
}
