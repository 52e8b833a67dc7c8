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
    // The postmaster first: from then on no other process of it comes into being, which would not be stopped.
    signal('SIGSTOP', [this.server.pid]);
    signal('SIGSTOP', this.children());
  }

  thaw(): void {
    signal('SIGCONT', [...this.children(), this.server.pid]);
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

  private children(): number[] {
    const { stdout } = spawnSync('pgrep', ['-P', String(this.server.pid)], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  private async destroy(): Promise<void> {
    this.thaw();
    await this.server.destroy();
    await this.folder.remove();
  }
}

/** Sessions come and go: one that has ended since it was listed needs no signal. */
function signal(name: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function launch(folder: string): Promise<EmbeddedPostgres> {
  return EmbeddedPostgres.start({ dataDir: join(folder, 'postgres'), projectRoot: PROJECT_ROOT });
}
