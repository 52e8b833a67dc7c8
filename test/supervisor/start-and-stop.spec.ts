import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { embeddedPostgresUrls, identifyProcess, runningPostgresUrls } from '#platform';
import { eventually } from '../support/eventually.js';
import { makeStandInProject, type StandInProject } from '../support/stand-in-project.js';
import { runSupervisorCommand, type SupervisorProcess } from '../support/supervisor-process.js';

let project: StandInProject;
const running: SupervisorProcess[] = [];

beforeAll(() => {
  project = makeStandInProject();
});

afterEach(async () => {
  for (const supervisor of running.splice(0)) {
    supervisor.kill('SIGTERM');
    await supervisor.ended;
  }
});

afterAll(() => project.remove());

const READY = /ready at (http:\S+)/;

function run(command: string, env: NodeJS.ProcessEnv = {}, args: string[] = []): SupervisorProcess {
  const supervisor = runSupervisorCommand(project.folder, command, env, args);
  running.push(supervisor);
  return supervisor;
}

async function startedUp(env: NodeJS.ProcessEnv = {}): Promise<SupervisorProcess & { url: string }> {
  const supervisor = run('start', env);
  const [, url] = await supervisor.says(READY);
  return { ...supervisor, url: url ?? '' };
}

const recorded = (file: string): string => readFileSync(join(project.dataDir, file), 'utf8');
const postmasterPid = (): number => (JSON.parse(recorded('postgres.json')) as { pid: number }).pid;
const childPids = (): number[] =>
  (JSON.parse(recorded('supervisor.json')) as { children: { pid: number }[] }).children.map(({ pid }) => pid);
const isGone = (pid: number): boolean => identifyProcess(pid) === null;
const isUp = async (url: string): Promise<boolean> => (await fetch(`${url}/health/ready`)).status === 200;

/** Gives the processor away between two looks: what is waited for needs it. */
async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  await eventually('what is waited for', async () => ((await fact()) ? true : undefined));
}

describe('npm start', () => {
  it('prints a curl once the gateway is ready, keeps what it writes to its own user, and Ctrl-C stops everything in order', async () => {
    const supervisor = await startedUp();
    expect(supervisor.stdout()).toContain(`curl -X POST ${supervisor.url}/webhooks/leads`);
    for (const file of ['postgres.json', 'postgres-credentials.json', 'supervisor.json', 'notes.txt']) {
      expect(statSync(join(project.dataDir, file)).mode & 0o077).toBe(0);
    }
    const pids = [postmasterPid(), ...childPids()];
    supervisor.pressCtrlC();
    await expect(supervisor.ended).resolves.toBe(0);
    expect(project.takeNotes().filter((line) => !line.includes(' up '))).toEqual([
      'gateway gets SIGTERM',
      'gateway drained as leadgate_app, owner url: none, CRM: 200',
      'CRM gets SIGTERM',
    ]);
    expect(pids.every(isGone)).toBe(true);
  });

  it('leaves the demo CRM out when LEADGATE_DEMO=off', async () => {
    const supervisor = await startedUp({ LEADGATE_DEMO: 'off' });
    project.takeNotes();
    supervisor.kill('SIGTERM');
    await supervisor.ended;
    expect(project.takeNotes()).toEqual(['gateway gets SIGTERM', 'gateway drained as leadgate_app, owner url: none, CRM: none']);
  });

  it('stops in order when nobody reads its output any more', async () => {
    const supervisor = await startedUp();
    const pids = [postmasterPid(), ...childPids()];
    project.takeNotes();
    supervisor.stopListening();
    supervisor.kill('SIGTERM');
    await expect(supervisor.ended).resolves.toBe(0);
    expect(project.takeNotes()).toContainEqual(expect.stringContaining('drained'));
    expect(pids.every(isGone)).toBe(true);
  });

  it('stops at once at the second signal', async () => {
    // Longer than a slow machine needs for the second one.
    const supervisor = await startedUp({ GATEWAY_DRAIN_SECONDS: '20' });
    const pids = [postmasterPid(), ...childPids()];
    project.takeNotes();
    supervisor.kill('SIGTERM');
    await supervisor.says(/stopping/);
    await Promise.race([supervisor.ended, keepAsking(supervisor)]);
    await supervisor.ended;
    expect(project.takeNotes()).not.toContainEqual(expect.stringContaining('drained'));
    // Killed, not asked: they are gone a moment later.
    await until(() => pids.every(isGone));
  });
});

/** Like a person who presses Ctrl-C again and again. */
async function keepAsking(supervisor: SupervisorProcess): Promise<void> {
  await until(() => {
    supervisor.kill('SIGTERM');
    return isGone(supervisor.pid);
  });
}

describe('under npm', () => {
  it('a Ctrl-C that arrives twice, from the terminal and from npm, is one', async () => {
    const supervisor = await startedUp();
    project.takeNotes();
    supervisor.pressCtrlC();
    supervisor.kill('SIGINT');
    await expect(supervisor.ended).resolves.toBe(0);
    expect(project.takeNotes()).toContainEqual(expect.stringContaining('drained'));
  });

  it('a killed npm stops it, and a start meanwhile waits for it', async () => {
    const npm = runSupervisorCommand(project.folder, 'start', {}, [], 'under a parent');
    const [, url] = await npm.says(READY);
    project.takeNotes();
    npm.kill('SIGKILL');
    await npm.says(/npm has ended/);
    const second = await startedUp({ PORT: new URL(url ?? '').port });
    expect(second.output()).not.toContain('left behind');
    expect(project.takeNotes()).toContainEqual(expect.stringContaining('gateway drained'));
  });
});

describe('after a kill -9', () => {
  it('of the gateway, it is started again, and of the postmaster too, under the running gateway', async () => {
    const supervisor = await startedUp();
    const gateway = childPids()[1] ?? 0;
    process.kill(gateway, 'SIGKILL');
    await supervisor.says(/the gateway has ended \(SIGKILL\); starting it again/);
    await until(() => childPids()[1] !== gateway);
    await until(() => isUp(supervisor.url).catch(() => false));
    process.kill(postmasterPid(), 'SIGKILL');
    await supervisor.says(/Postgres runs again/);
    await expect(isUp(supervisor.url)).resolves.toBe(true);
  });

  it('of the supervisor, the next start lets the old gateway drain and takes over the database', async () => {
    const first = await startedUp();
    const postmaster = postmasterPid();
    const children = childPids();
    first.kill('SIGKILL');
    await first.ended;
    await expect(isUp(first.url)).resolves.toBe(true);
    project.takeNotes();

    const second = await startedUp({ PORT: new URL(first.url).port });
    expect(second.output()).toContain('left behind: demo CRM, gateway');
    expect(project.takeNotes()).toContainEqual(expect.stringContaining('gateway drained'));
    expect(children.every(isGone)).toBe(true);
    expect(postmasterPid()).toBe(postmaster);
    second.kill('SIGTERM');
    await second.ended;
    expect(isGone(postmaster)).toBe(true);
  });

  it('of everything, the next start just starts', async () => {
    const first = await startedUp();
    for (const pid of [...childPids(), postmasterPid()]) process.kill(pid, 'SIGKILL');
    first.kill('SIGKILL');
    await first.ended;
    const second = await startedUp({ PORT: new URL(first.url).port });
    await expect(isUp(second.url)).resolves.toBe(true);
  });

  it('and a reboot, a supervisor.json that names somebody else is seen through', async () => {
    const self = identifyProcess(process.pid);
    writeFileSync(
      join(project.dataDir, 'supervisor.json'),
      JSON.stringify({
        supervisor: { ...self, startedAt: 'an earlier boot' },
        children: [{ ...self, name: 'gateway', startedAt: 'an earlier boot' }],
      }),
    );
    const supervisor = await startedUp();
    expect(supervisor.output()).not.toContain('left behind');
  });
});

describe('one clear sentence and exit code 1', () => {
  it.each([
    ['PORT', 'the gateway'],
    ['DEMO_CRM_PORT', 'the demo CRM'],
  ])('for a taken %s, before anything is started', async (setting, who) => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    const supervisor = run('start', { [setting]: String(port) });
    await expect(supervisor.ended).resolves.toBe(1);
    expect(supervisor.output()).toBe(
      `leadgate: Port ${port} is taken, and ${who} needs it: stop what listens there, or set ${setting} to another port.\n`,
    );
    squatter.close();
  });

  it('for a data dir that is none', async () => {
    const file = join(project.folder, 'a-file');
    writeFileSync(file, '');
    const supervisor = run('start', { LEADGATE_DATA_DIR: file });
    await expect(supervisor.ended).resolves.toBe(1);
    expect(supervisor.output()).toMatch(
      /^leadgate: The data folder .*a-file cannot be used \(ENOTDIR\).*LEADGATE_DATA_DIR names another\.\n$/,
    );
  });

  it('for a gateway that refuses to start', async () => {
    const supervisor = run('start', { GATEWAY_REFUSES: '1' });
    await expect(supervisor.ended).resolves.toBe(1);
    expect(supervisor.output()).toContain('the gateway says why\n');
    expect(supervisor.output()).toContain('leadgate: the gateway did not start; it says why above\n');
    expect(runningPostgresUrls(project.dataDir)).toBeNull();
  });

  it.each([
    [
      'a DATABASE_URL nobody answers',
      'postgresql://gate:secret@127.0.0.1:1/leads',
      /DATABASE_URL, 127.0.0.1 port 1, does not let us in.*ECONNREFUSED/,
    ],
    ['a DATABASE_URL with a parameter nobody honours', 'postgresql://gate:secret@127.0.0.1/leads?pgbouncer=true', /"pgbouncer"/],
  ])('for %s', async (_description, url, sentence) => {
    const supervisor = run('start', { DATABASE_URL: url });
    await expect(supervisor.ended).resolves.toBe(1);
    expect(supervisor.output()).toMatch(sentence);
    expect(supervisor.output()).not.toMatch(/secret|\n {4}at /);
  });
});

describe('npm run gateway', () => {
  it('says what to do when nothing runs', async () => {
    const alone = run('gateway');
    await expect(alone.ended).resolves.toBe(1);
    expect(alone.output()).toMatch(/Start Leadgate there first \(npm start\)/);
  });
});

/** One start for all of it: nothing here ends what it stands beside. */
describe('beside a running npm start', () => {
  const ROLES = [
    [[], 'leadgate_readonly'],
    [['--owner'], 'leadgate_owner'],
  ] as const;
  const urlsBefore = new Map<string, string>();
  let first: SupervisorProcess & { url: string };

  beforeAll(async () => {
    for (const [args, role] of ROLES) {
      const before = run('db-url', {}, [...args]);
      await before.ended;
      urlsBefore.set(role, before.output());
    }
    expect(runningPostgresUrls(project.dataDir)).toBeNull();
    const alone = run('db-migrate');
    await expect(alone.ended).resolves.toBe(0);
    expect(runningPostgresUrls(project.dataDir)).toBeNull();
    first = await startedUp();
    running.length = 0;
  });

  afterAll(async () => {
    first?.kill('SIGTERM');
    await first?.ended;
  });

  async function roleAt(url: string): Promise<string | undefined> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
    await client.end();
    return rows[0]?.role;
  }

  it.each(ROLES)('db:url %s prints the string it printed while nothing ran', async (args, role) => {
    const after = run('db-url', {}, [...args]);
    await after.ended;
    expect(after.output()).toBe(urlsBefore.get(role));
    await expect(roleAt(after.output().trim())).resolves.toBe(role);
  });

  it('db:migrate works as it did alone', async () => {
    const beside = run('db-migrate');
    await expect(beside.ended).resolves.toBe(0);
    await expect(isUp(first.url)).resolves.toBe(true);
  });

  it('a second one on the same data dir is refused in one clear sentence', async () => {
    const second = run('start');
    await expect(second.ended).resolves.toBe(1);
    expect(second.output()).toMatch(/^leadgate: Leadgate already runs on the data folder .* npm run gateway\n$/);
    await expect(isUp(first.url)).resolves.toBe(true);
  });

  it('npm run gateway attaches to its database and leaves it running', async () => {
    const postmaster = postmasterPid();
    const second = run('gateway', { PORT: '' });
    const [, url] = await second.says(/leadgate: gateway on (http:\S+)/);
    await until(() => isUp(url ?? '').catch(() => false));
    project.takeNotes();
    second.kill('SIGTERM');
    await expect(second.ended).resolves.toBe(0);
    expect(project.takeNotes()).toContainEqual(expect.stringContaining('gateway drained as leadgate_app'));
    expect(isGone(postmaster)).toBe(false);
    await expect(isUp(first.url)).resolves.toBe(true);
  });
});

describe('the database commands', () => {
  it('db:check finds schema and migrations in step', async () => {
    const check = run('db-check');
    await expect(check.ended).resolves.toBe(0);
    expect(check.output()).toContain('agree');
  });

  it('studio starts the database when nothing runs, keeps the browser from calling out, shows our views, and stops it again', async () => {
    const studio = run('studio');
    const [, url] = await studio.says(/Prisma Studio is at (http:\S+)/);
    await until(() =>
      fetch(url ?? '').then(
        (response) => response.ok,
        () => false,
      ),
    );
    const page = await fetch(url ?? '');
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'/);
    // What its page asks for: whatever says that a relation has columns is told the key of our views.
    const columns = `'[{"name": "lead_id", "pk": null}, {"name": "status", "pk": null}]'::json`;
    const sql = `select relnamespace::regnamespace::text as schema, relname as name, ${columns} as columns from pg_class where relname = 'support_leads'`;
    const answer = await fetch(`${url}/bff`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ procedure: 'query', query: { sql, parameters: [] } }),
    });
    expect(await answer.json()).toEqual([
      null,
      [
        {
          schema: 'public',
          name: 'support_leads',
          columns: [
            { name: 'lead_id', pk: 1 },
            { name: 'status', pk: null },
          ],
        },
      ],
    ]);
    expect(runningPostgresUrls(project.dataDir)).toEqual(embeddedPostgresUrls(project.dataDir));
    studio.pressCtrlC();
    await expect(studio.ended).resolves.toBe(0);
    expect(runningPostgresUrls(project.dataDir)).toBeNull();
  });
});
