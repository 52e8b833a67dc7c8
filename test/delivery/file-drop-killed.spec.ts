import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationConfig, LeadId, MappingConfig, TenantId } from '#core';
import type { Destination, DestinationAnswer } from '#delivery';
import { fileDestination } from '../../libs/delivery/src/destinations/file/file.destination.js';
import { FileDrops } from '../../libs/delivery/src/destinations/file/file-drops.js';
import { PROJECT_ROOT } from '../support/child-process.js';

const MAPPING: MappingConfig = { name: 'crm', fields: [{ target: 'note', from: ['note'] }] };
const CONFIG = { name: 'nightly', kind: 'file', options: { format: 'csv', max_rows: '500' } } as unknown as DestinationConfig;

let root: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadgate-drop-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(root, { recursive: true });
});

/** @param fileBytes no file may grow beyond, as on a disk that is full */
function dropping(first: number, fileBytes?: number): ChildProcess {
  const words = [join(PROJECT_ROOT, 'test/delivery/support/dropping-process.mjs'), root, JSON.stringify(MAPPING), `${first}`];
  const limited = ['-c', 'ulimit -f "$0"; exec "$@"', `${Math.ceil((fileBytes ?? 0) / 512)}`, process.execPath, ...words];
  const [program, args] = fileBytes === undefined ? [process.execPath, words] : ['sh', limited];
  const child = spawn(program, args, { cwd: PROJECT_ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] ?? '' } });
  children.push(child);
  return child;
}

/** What the process says, until it has said `count` lines that fit; then it is killed, in the middle of whatever it does. */
function killedAfter(child: ChildProcess, count: number, fits: (line: string) => boolean = () => true): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('\n').filter((line) => line !== '' && fits(line)).length >= count) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', () => resolve(text.split('\n').slice(0, -1)));
  });
}

function opened(drops: FileDrops): Destination {
  return fileDestination(drops).open(CONFIG, { tenantId: 'acme' as TenantId, mapping: MAPPING });
}

function again(destination: Destination, idempotencyKey: string): Promise<DestinationAnswer> {
  const payload = JSON.stringify({ note: `line one\nline "two" of ${idempotencyKey}` });
  const call = { leadId: '' as LeadId, payload, contentType: 'application/json', idempotencyKey, attemptNo: 2, traceparent: null };
  return destination.send({ ...call, signal: new AbortController().signal });
}

const folder = (): string => join(root, 'acme', 'nightly');

/** As if the lease of the dead were over. */
async function longAgo(): Promise<void> {
  const moment = new Date(Date.now() - 3_600_000);
  for (const name of await readdir(folder())) if (name.includes('.part')) await utimes(join(folder(), name), moment, moment);
}

/** The keys of every file that has its name, in no order. @throws when a file holds half a row */
async function collected(): Promise<string[]> {
  const keys: string[] = [];
  for (const name of await readdir(folder())) {
    if (name.startsWith('.')) continue;
    expect(name).toMatch(/\.csv$/);
    const rows = (await readFile(join(folder(), name), 'utf8')).split(/\r\n(?=K|$)/);
    expect(rows.pop()).toBe('');
    expect(rows.shift()).toMatch(/^_delivery_key,note/);
    for (const row of rows) expect(row).toMatch(/^K+\d+,"line one\nline ""two"" of K+\d+( x+)?"$/);
    keys.push(...rows.map((row) => row.slice(0, 52)));
  }
  return keys;
}

it('loses no row and doubles none when processes are killed while they write', async () => {
  const [one, other] = await Promise.all([killedAfter(dropping(0), 700), killedAfter(dropping(1_000_000), 500)]);
  const told = [...one, ...other];
  // The handful in hand when each was killed: whether it was written nobody was told.
  const inHand = (lines: readonly string[], first: number): string[] =>
    Array.from({ length: 60 }, (_, n) => `${first + Math.floor(lines.length / 20) * 20 + n}`.padStart(52, 'K'));
  const sent = new Set([...told, ...inHand(one, 0), ...inHand(other, 1_000_000)]);
  const drops = new FileDrops({ root, makesRoot: false });
  const destination = opened(drops);
  const answers = await Promise.all([...sent].map((key) => again(destination, key)));
  expect(answers.every(({ signal }) => signal.kind === 'answered' && signal.successRule)).toBe(true);
  await longAgo();
  await drops.close();
  await drops.round();
  const rows = await collected();
  expect(rows.length).toBe(new Set(rows).size);
  expect(new Set(rows)).toEqual(sent);
});

it('says that nothing was written when a disk has no room left, and leaves whole rows only', async () => {
  const lines = await killedAfter(dropping(0, 100_000), 40, (line) => line.startsWith('!'));
  const told = lines.filter((line) => !line.startsWith('!'));
  expect(told.length).toBeGreaterThan(0);
  const refused = lines.filter((line) => line.startsWith('!')).map((line) => line.split(' '));
  expect(new Set(refused.map(([, code]) => code))).toEqual(new Set(['EFBIG']));
  const drops = new FileDrops({ root, makesRoot: false });
  opened(drops);
  await longAgo();
  await drops.round();
  const rows = new Set(await collected());
  expect(told.filter((key) => !rows.has(key))).toEqual([]);
  expect(refused.filter(([, , key]) => rows.has(key as string))).toEqual([]);
});
