// The README, done by somebody who has just cloned the repository: every `sh` block in order, on free ports, in a folder only its owner may
// enter. Then Ctrl-C, a second start and another Ctrl-C. Clones HEAD: what is not committed is not there, as for any newcomer.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leadgate-fresh-'))); // mkdtemp makes it 0700
const clone = join(folder, 'leadgate');
const FIRST_START_SECONDS = 300;
const SECOND_START_SECONDS = 10;
const STOP_SECONDS = 40;
/** The README promises that the lead is there when one looks; a person needs longer than this to look. */
const ARRIVAL_SECONDS = 2;

/** What starting Node takes on a machine that has nothing else to do, as a person's has; the promises above are for such a one. */
const IDLE_NODE_SECONDS = 0.1;
const MOST_PATIENCE = 30;

/** A machine or a process that stands still makes everything late that is measured here; a look that comes so late says that one did. */
const LOOK_MS = 20;
const LATE_MS = 100;
let stoodStillMs = 0;
let lookedAt = performance.now();

/** Milliseconds, without those in which this process stood still. */
function clock() {
  const now = performance.now();
  if (now - lookedAt > LATE_MS) stoodStillMs += now - lookedAt - LOOK_MS;
  lookedAt = now;
  return now - stoodStillMs;
}
setInterval(clock, LOOK_MS).unref();

const running = new Set();
const say = (line) => console.log(`   ${line}`);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function fail(message) {
  throw new Error(message);
}

/** Whether so many seconds of clock() are over, on a machine as slow or busy as this one is just now: asked how slow only when they are over by the clock. */
function isOver(began, limitSeconds) {
  const passed = (clock() - began) / 1000;
  if (passed <= limitSeconds) return false;
  const before = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  const slowness = (performance.now() - before) / 1000 / IDLE_NODE_SECONDS;
  return passed > limitSeconds * Math.min(Math.max(slowness, 1), MOST_PATIENCE);
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** As a newcomer's shell: nothing of ours is set. */
function plainEnvironment() {
  const ours = /^(LEADGATE_|CUSTOMER_|DATABASE_URL$|MIGRATE_DATABASE_URL$|REDIS_URL$|HOST$|NODE_ENV$|npm_(?!config_))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** A command in its own process group, so that it can be sent what Ctrl-C sends. Its stdout is collected line by line. */
function startCommand(command, env) {
  const child = spawn('bash', ['-c', `exec ${command}`], { cwd: clone, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const started = { child, output: '', errors: '', code: undefined };
  child.stdout.on('data', (chunk) => (started.output += chunk));
  child.stderr.on('data', (chunk) => (started.errors += chunk));
  started.ended = new Promise((resolve) =>
    child.on('close', (code, signal) => {
      running.delete(child);
      started.code = code ?? signal;
      resolve(started.code);
    }),
  );
  return started;
}

/** Waits for a line of stdout. */
async function lineOf(started, pattern, limitSeconds) {
  const began = clock();
  for (;;) {
    const found = pattern.exec(started.output);
    if (found) return found;
    if (started.code !== undefined) fail(`it ended with ${started.code} before it was ready:\n${started.errors.slice(-4000)}`);
    if (isOver(began, limitSeconds))
      fail(`not ready after ${limitSeconds} s:\n${started.errors.slice(-4000)}${started.output.slice(-4000)}`);
    await sleep(20);
  }
}

async function pressCtrlC(started) {
  const [began, asked] = [performance.now(), clock()];
  process.kill(-started.child.pid, 'SIGINT');
  while (started.code === undefined && !isOver(asked, STOP_SECONDS)) await sleep(20);
  const { code } = started;
  if (code === undefined) fail(`it still runs ${STOP_SECONDS} s after Ctrl-C`);
  // 130: npm says so itself when it was interrupted.
  if (code !== 0 && code !== 130 && code !== 'SIGINT') fail(`it ended with ${code} after Ctrl-C:\n${started.errors.slice(-4000)}`);
  // Whoever was told that it ended may look before the kernel has cleared it away.
  const ended = clock();
  while (processesOfOurs().length > 0 && !isOver(ended, 1)) await sleep(20);
  const left = processesOfOurs();
  if (left.length > 0) fail(`processes were left behind: ${left.join('; ')}`);
  say(`Ctrl-C: everything stopped in ${seconds(began)}`);
}

/** The clone, and where its database is: root cannot run Postgres, and no other user can enter the clone. */
function placesOfOurs() {
  const credentials = join(clone, '.leadgate', 'postgres-credentials.json');
  const home = existsSync(credentials) ? JSON.parse(readFileSync(credentials, 'utf8')).home : null;
  return home === null ? [folder] : [folder, home];
}

/** Process id and command line of what runs in or from these places. */
function processesOfOurs() {
  if (!existsSync('/proc/self/cmdline')) return [];
  const places = placesOfOurs();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        return places.some((place) => command.includes(place) || cwd.startsWith(place)) ? [`${pid} ${command.slice(0, 120)}`] : [];
      } catch {
        return []; // ended meanwhile, or somebody else's
      }
    });
}

function runToEnd(command, env) {
  const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: clone,
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status !== 0) fail(`${command}\nended with ${status}:\n${stderr}${stdout}`);
  return stdout;
}

/** The commands of the README in order: every `sh` block, its continued lines joined. */
function readmeCommands() {
  const blocks = [...readFileSync(join(clone, 'README.md'), 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)];
  return blocks.map(([, text]) => text.trim());
}

/** What the person reading would see. The first member of a pair is tried against the whole block. */
const BY_HAND = [
  [/^git clone /, () => say('(this is the clone)')],
  [/^npm test$/, () => say('(the step before this one ran it)')],
];

async function main() {
  const git = { ...process.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' };
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', `file://${root}`, clone], { env: git, encoding: 'utf8' });
  if (status !== 0) fail(`git clone failed:\n${stderr}`);

  const [port, crmPort] = [await freePort(), await freePort()];
  const env = { ...plainEnvironment(), PORT: String(port), DEMO_CRM_PORT: String(crmPort) };
  const here = (command) => command.replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`).replaceAll('127.0.0.1:3900', `127.0.0.1:${crmPort}`);
  const READY = /^leadgate: ready .*$/m;
  let leadgate;
  let posted = 0;

  for (const command of readmeCommands()) {
    say(`$ ${command.split('\n')[0]}${command.includes('\n') ? ' …' : ''}`);
    const byHand = BY_HAND.find(([pattern]) => pattern.test(command));
    const began = performance.now();
    if (byHand) byHand[1]();
    else if (command === 'npm start') {
      leadgate = startCommand(command, env);
      await lineOf(leadgate, READY, FIRST_START_SECONDS);
      say(`ready after ${seconds(began)}`);
    } else if (command === 'npm run studio') {
      const studio = startCommand(command, env);
      const [, url] = await lineOf(studio, /(http:\/\/localhost:\d+)/, 60);
      await answers(url);
      process.kill(-studio.child.pid, 'SIGINT');
      await studio.ended;
      say(`${url} answered after ${seconds(began)}`);
    } else if (/^curl -X POST [^]*\/webhooks\/leads/.test(command)) {
      await accepted(() => JSON.parse(runToEnd(here(command), env)));
      posted += 1;
      await arrives(`http://127.0.0.1:${crmPort}/_leads`, posted);
      say(`accepted, and at the demo CRM after ${seconds(began)}`);
    } else {
      const output = runToEnd(here(command), env);
      if (output.trim() === '') fail(`${command} printed nothing`);
    }
  }
  if (!leadgate || posted === 0) fail('README.md has no `npm start` or no curl that posts a lead, each in an ```sh block');

  await pressCtrlC(leadgate);
  const again = performance.now();
  leadgate = startCommand('npm start', env);
  await lineOf(leadgate, READY, SECOND_START_SECONDS);
  say(`second start: ready after ${seconds(again)}`);
  await arrives(`http://127.0.0.1:${crmPort}/_leads`, posted);
  await pressCtrlC(leadgate);
}

/** Sends until it is taken: a machine that is too slow for Postgres just then is told to come again, and nothing was taken. */
async function accepted(send) {
  for (let tries = 1; ; tries += 1) {
    const answer = send();
    if (answer.status === 'accepted') return;
    if (answer.code !== 'unavailable' || tries === 10) fail(`the gateway answered ${JSON.stringify(answer)}`);
    await sleep(1000);
  }
}

async function answers(url) {
  const began = clock();
  for (;;) {
    const status = await fetch(url).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return;
    if (isOver(began, 30)) fail(`${url} does not answer (${status})`);
    await sleep(50);
  }
}

async function arrives(url, count) {
  const began = clock();
  for (;;) {
    const leads = await (await fetch(url)).json();
    if (leads.length === count) return;
    if (isOver(began, ARRIVAL_SECONDS)) fail(`${url} shows ${leads.length} leads after ${ARRIVAL_SECONDS} s, not ${count}`);
    await sleep(20);
  }
}

function clearAway() {
  for (const child of running) {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // it ended by itself
    }
  }
  for (const line of processesOfOurs()) process.kill(Number(line.split(' ')[0]), 'SIGKILL');
  for (const place of placesOfOurs().reverse()) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    clearAway();
    process.exit(1);
  });
}
try {
  await main();
} catch (error) {
  console.error(`   ${error.message}`);
  process.exitCode = 1;
} finally {
  clearAway();
}
