import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres, embeddedPostgresUrls, identifyProcess, runningPostgresUrls, StartProblem } from '#platform';
import { eventually } from '../support/eventually.js';

const projectRoot = process.cwd();
const servers: { server: EmbeddedPostgres; dataDir: string }[] = [];
const starters: ChildProcess[] = [];
const folders: string[] = [];

/** A data dir that does not exist yet, below a folder that others may pass through, or (`private`) only its owner may. */
function aDataDir(access: 'public' | 'private' = 'public'): string {
  const folder = mkdtempSync(join(tmpdir(), 'leadgate-embedded-'));
  chmodSync(folder, access === 'public' ? 0o755 : 0o700);
  folders.push(folder);
  return join(folder, 'clone', '.leadgate');
}

async function started(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ dataDir, projectRoot });
  servers.push({ server, dataDir });
  return server;
}

/** Another process that starts the server and prints the postmaster's pid; killed, it leaves an orphan. */
async function startedByAnother(dataDir: string): Promise<{ starter: ChildProcess; pid: number }> {
  const script = `
    import { EmbeddedPostgres } from ${JSON.stringify(join(projectRoot, 'dist/libs/platform/src/postgres/embedded-postgres.js'))};
    const server = await EmbeddedPostgres.start({ dataDir: ${JSON.stringify(dataDir)}, projectRoot: ${JSON.stringify(projectRoot)} });
    console.log(server.pid);
    setInterval(() => undefined, 1000);`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  starters.push(starter);
  const [output] = (await once(starter.stdout, 'data')) as [Buffer];
  return { starter, pid: Number(output.toString()) };
}

async function killed(starter: ChildProcess): Promise<void> {
  if (starter.exitCode !== null || starter.signalCode !== null) return;
  const exit = once(starter, 'exit');
  starter.kill('SIGKILL');
  await exit;
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = await connected(url);
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const clusterOf = (dataDir: string) => (JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { cluster: string }).cluster;

const isGone = (pid: number) => identifyProcess(pid) === null;

/** Gives the processor away between two looks: what is waited for needs it. */
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  await eventually('what is waited for', async () => ((await fact()) ? true : undefined));
}

/** Made once, which takes most of a first start; for every test that leaves a server behind it as good as it found it. */
let seasoned: string;

beforeAll(async () => {
  seasoned = join(mkdtempSync(join(tmpdir(), 'leadgate-embedded-')), '.leadgate');
  chmodSync(dirname(seasoned), 0o755);
  const server = await EmbeddedPostgres.start({ dataDir: seasoned, projectRoot });
  await query(server.urls.owner, 'CREATE TABLE kept (id integer)');
  await server.stop();
});

afterAll(async () => {
  const server = await EmbeddedPostgres.start({ dataDir: seasoned, projectRoot });
  await server.destroy();
  rmSync(dirname(seasoned), { recursive: true });
});

afterEach(async () => {
  for (const starter of starters.splice(0)) await killed(starter);
  for (const { server, dataDir } of servers.splice(0).reverse()) await (dataDir === seasoned ? server.stop('immediate') : server.destroy());
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('the embedded Postgres', () => {
  it('runs with UTF-8, fsync, and three roles, on 127.0.0.1 only', async () => {
    const server = await started(seasoned);
    const rows = await query(
      server.urls.superuser,
      `SELECT (SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'leadgate%' AND NOT rolsuper) AS roles, current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
              current_setting('listen_addresses') AS address, current_setting('unix_socket_directories') AS sockets`,
    );
    expect(rows).toEqual([
      { roles: 'leadgate_app leadgate_owner leadgate_readonly', encoding: 'UTF8', fsync: 'on', address: '127.0.0.1', sockets: '' },
    ]);
  });

  it('asks for its random passwords, and keeps them to the owner of the data dir', async () => {
    const server = await started(seasoned);
    await expect(connected(Object.assign(new URL(server.urls.app), { password: 'guess' }).href)).rejects.toMatchObject({ code: '28P01' });
    expect(statSync(join(seasoned, 'postgres-credentials.json')).mode & 0o077).toBe(0);
  });

  it.each(['public', 'private'] as const)('keeps its data over a stop and a start (%s parent folder)', async (access) => {
    const dataDir = aDataDir(access);
    const first = await started(dataDir);
    await query(first.urls.owner, 'CREATE TABLE kept (id integer)');
    await first.stop();
    await until(() => isGone(first.pid));
    const second = await started(dataDir);
    await expect(query(second.urls.owner, 'SELECT * FROM kept')).resolves.toEqual([]);
    expect(second.urls).toEqual(first.urls);
  });

  it.each(['public', 'private'] as const)(
    'starts afresh once the data dir was deleted, even under a running server (%s parent folder)',
    async (access) => {
      const dataDir = aDataDir(access);
      const first = await started(dataDir);
      await query(first.urls.owner, 'CREATE TABLE kept (id integer)');
      const oldCluster = clusterOf(dataDir);
      rmSync(dataDir, { recursive: true });
      const second = await started(dataDir);
      await expect(query(second.urls.owner, 'SELECT * FROM kept')).rejects.toMatchObject({ code: '42P01' });
      if (!oldCluster.startsWith(dataDir)) {
        await until(() => isGone(first.pid));
        rmSync(dirname(oldCluster), { recursive: true });
      } else if (!isGone(first.pid)) {
        process.kill(first.pid, 'SIGKILL');
      }
    },
  );

  it('knows its connection strings before it ever ran', async () => {
    const dataDir = aDataDir();
    const announced = embeddedPostgresUrls(dataDir);
    expect(runningPostgresUrls(dataDir)).toBeNull();
    const server = await started(dataDir);
    expect(server.urls).toEqual(announced);
    expect(runningPostgresUrls(dataDir)).toEqual(announced);
  });

  it('takes another port when somebody sits on its own', async () => {
    const dataDir = seasoned;
    const port = Number(new URL(embeddedPostgresUrls(dataDir).app).port);
    const squatter = createServer().listen(port, '127.0.0.1');
    // Whoever else got it since its server ended sits there just as well.
    await new Promise((resolve) => squatter.once('listening', resolve).once('error', resolve));
    const server = await started(dataDir);
    expect(Number(new URL(server.urls.app).port)).not.toBe(port);
    expect(embeddedPostgresUrls(dataDir)).toEqual(server.urls);
    squatter.close();
  });
});

describe('after a kill -9', () => {
  it('of its starter, the next start adopts the running server', async () => {
    const dataDir = seasoned;
    const { starter, pid } = await startedByAnother(dataDir);
    await killed(starter);
    const server = await started(dataDir);
    expect(server.pid).toBe(pid);
    await expect(query(server.urls.app, 'SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await server.stop();
    expect(isGone(pid)).toBe(true);
  });

  it('of the postmaster, it is started again on the same port, with what was committed', async () => {
    const server = await started(seasoned);
    const reports: string[] = [];
    server.keepRunning((line) => reports.push(line));
    const { urls, pid } = server;
    await query(urls.owner, 'INSERT INTO kept VALUES (7)');
    process.kill(pid, 'SIGKILL');
    await until(() => reports.includes('Postgres runs again'));
    expect(server.urls).toEqual(urls);
    expect(server.pid).not.toBe(pid);
    await expect(query(urls.owner, 'DELETE FROM kept RETURNING id')).resolves.toEqual([{ id: 7 }]);
  });

  it('of the postmaster, a session that goes on computing does not block the next start', async () => {
    const dataDir = seasoned;
    const first = await started(dataDir);
    const busy = await connected(first.urls.owner);
    const { rows } = await busy.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    busy.query('DO $$ BEGIN LOOP END LOOP; END $$').catch(() => undefined);
    const watcher = await connected(first.urls.superuser);
    await until(
      async () => (await watcher.query(`SELECT FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'DO%'`, [rows[0]?.pid])).rowCount === 1,
    );
    process.kill(first.pid, 'SIGKILL');
    await until(() => isGone(first.pid));
    const second = await started(dataDir);
    expect(second.pid).not.toBe(first.pid);
    expect(isGone(rows[0]?.pid ?? 0)).toBe(true);
  });

  it('of everything, files that lie are seen through', async () => {
    const dataDir = seasoned;
    const first = await started(dataDir);
    const cluster = clusterOf(dataDir);
    const record = readFileSync(join(dataDir, 'postgres.json'), 'utf8');
    await first.stop();
    // As after a reboot: both files name a process that exists, but is not Postgres.
    writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n\nready   \n`);
    writeFileSync(join(dataDir, 'postgres.json'), record.replace(String(first.pid), String(process.pid)));
    const second = await started(dataDir);
    expect(second.pid).not.toBe(process.pid);
  });

  it('in the middle of making the cluster, nothing half-made is used', async () => {
    const dataDir = aDataDir();
    embeddedPostgresUrls(dataDir);
    const { pid } = spawn('true');
    await until(() => isGone(pid ?? 0));
    const halfMade = join(dataDir, 'postgres', `cluster.new-${pid}-00000000`);
    mkdirSync(halfMade, { recursive: true });
    await started(dataDir);
    expect(existsSync(halfMade)).toBe(false);
  });
});

describe('a start that meets another', () => {
  it('waits for a server that is stopping', async () => {
    const dataDir = seasoned;
    const first = await started(dataDir);
    const guest = await connected(first.urls.app);
    // Smart shutdown: it ends when its last guest has left.
    process.kill(first.pid, 'SIGTERM');
    await until(() => /stopping/.test(readFileSync(join(clusterOf(dataDir), 'postmaster.pid'), 'utf8')));
    const second = started(dataDir);
    await guest.end();
    expect((await second).pid).not.toBe(first.pid);
  });

  it('at the very beginning ends with one server', async () => {
    const dataDir = aDataDir();
    const [other, own] = await Promise.all([startedByAnother(dataDir), started(dataDir)]);
    expect(own.pid).toBe(other.pid);
    await killed(other.starter);
  });

  it('leaves the server to its owner', async () => {
    const dataDir = seasoned;
    const first = await started(dataDir);
    const { starter, pid } = await startedByAnother(dataDir);
    expect(pid).toBe(first.pid);
    await first.stop();
    expect(isGone(pid)).toBe(false);
    await killed(starter);
    await first.stop();
    expect(isGone(pid)).toBe(true);
  });
});

describe('what cannot be mended is one clear sentence', () => {
  it('when the cluster is gone but its passwords are there', async () => {
    const dataDir = aDataDir();
    const server = await started(dataDir);
    await server.stop();
    rmSync(clusterOfStopped(dataDir), { recursive: true });
    await expect(EmbeddedPostgres.start({ dataDir, projectRoot })).rejects.toThrow(/is gone\. Put that folder back, or delete/);
  });

  it('when the credentials are damaged', async () => {
    const dataDir = aDataDir();
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'postgres-credentials.json'), '{"id":');
    await expect(EmbeddedPostgres.start({ dataDir, projectRoot })).rejects.toThrow(StartProblem);
  });

  it('when the data dir is a file', async () => {
    const dataDir = aDataDir();
    mkdirSync(dirname(dataDir), { recursive: true });
    writeFileSync(dataDir, '');
    await expect(EmbeddedPostgres.start({ dataDir, projectRoot })).rejects.toThrow(/LEADGATE_DATA_DIR/);
  });

  it('when the database is of another major version', async () => {
    const version = join(clusterOfStopped(seasoned), 'PG_VERSION');
    const real = readFileSync(version);
    writeFileSync(version, '17\n');
    await expect(EmbeddedPostgres.start({ dataDir: seasoned, projectRoot })).rejects.toThrow(/written by Postgres 17/);
    writeFileSync(version, real);
  });
});

/** postgres.json is gone after a stop; the home is in the data dir there, or named by the credentials. */
function clusterOfStopped(dataDir: string): string {
  const { home } = JSON.parse(readFileSync(join(dataDir, 'postgres-credentials.json'), 'utf8')) as { home: string | null };
  return join(home ?? join(dataDir, 'postgres'), 'cluster');
}
