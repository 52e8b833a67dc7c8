import { type FileHandle, mkdtemp, open, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationAnswer } from '../../destination.port.js';
import { aCall, aKey, type DestinationUnderTest } from '../../testing/destination-under-test.js';
import { ABANDONED_SECONDS } from './drop-folder.js';
import { type DropRules, DropWriter } from './drop-writer.js';
import { KEYS_FOLDER, PART } from './part-file.js';

const RULES: DropRules = {
  name: 'nightly',
  form: { format: 'ndjson', columns: [], neutralises: true },
  maxRows: 10,
  maxAgeMs: 60_000,
};
const one = { payload: '{"a":1}', contentType: 'application/json' } as DestinationUnderTest;

let root: string;
let folder: string;
let now: number;
let writer: DropWriter;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadgate-drop-'));
  folder = join(root, 'acme', 'nightly');
  now = 0;
  writer = new DropWriter(root, folder, () => now);
});
afterEach(async () => {
  await writer.close();
  await rm(root, { recursive: true, force: true });
});

const append = async (by: DropWriter, key: string, attemptNo = 1, signal = new AbortController().signal): Promise<DestinationAnswer> => {
  const [answer] = await by.append([aCall(one, { idempotencyKey: aKey(key), attemptNo })], RULES, { timeoutMs: 30_000, signal });
  return answer as DestinationAnswer;
};
const names = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== KEYS_FOLDER).sort();
/** The first letters of the keys in this file, or in all. */
async function keysIn(...files: string[]): Promise<string[]> {
  const found = await Promise.all((files.length > 0 ? files : await names()).map((name) => readFile(join(folder, name), 'utf8')));
  return [...found.join('').matchAll(/"_delivery_key":"(.)/g)].map(([, letter]) => letter as string).sort();
}

/** As it is after a writer has shown no life for so long. */
async function standsStill(seconds: number): Promise<void> {
  const moment = new Date(Date.now() - seconds * 1000);
  for (const name of await names()) if (name.includes(PART)) await utimes(join(folder, name), moment, moment);
}

describe('a process that stands still between its question and its write', () => {
  let other: DropWriter;
  let wake: () => void;
  let late: Promise<DestinationAnswer>;
  beforeEach(async () => {
    other = new DropWriter(root, folder, () => now);
    await append(writer, 'X');
    const [first = ''] = await names();
    const handle = await open(join(folder, first));
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const write = Reflect.get(prototype, 'write') as FileHandle['write'];
    const reached = new Promise<void>((isThere) => {
      const still = new Promise<void>((go) => (wake = go));
      jest.spyOn(prototype, 'write').mockImplementationOnce(async function (this: FileHandle, ...given: unknown[]) {
        isThere();
        await still;
        return Reflect.apply(write, this, given) as ReturnType<FileHandle['write']>;
      } as FileHandle['write']);
    });
    late = append(writer, 'A');
    await reached;
  });
  afterEach(async () => {
    wake();
    await late;
    await other.close();
    jest.restoreAllMocks();
  });
  const again = (attemptNo: number): Promise<DestinationAnswer> => append(other, 'A', attemptNo);

  it('writes to nothing that anybody sees: the row another process wrote meanwhile is the only one', async () => {
    await standsStill(60);
    expect((await again(2)).signal).toMatchObject({ kind: 'answered', successRule: true });
    wake();
    expect(await late).toMatchObject({ signal: { kind: 'unknown' }, errorCode: 'TAKEN_OVER' });
    await Promise.all([writer.close(), other.close()]);
    expect(await keysIn()).toEqual(['A', 'X']);
    expect((await names()).filter((name) => name.includes(PART))).toEqual([]);
  });

  it('writes to no finished file, and knows that it does not know', async () => {
    await standsStill(ABANDONED_SECONDS + 1);
    await other.round();
    const [finished = ''] = await names();
    const before = await readFile(join(folder, finished), 'utf8');
    wake();
    expect(await late).toMatchObject({ signal: { kind: 'unknown' }, errorCode: 'TAKEN_OVER' });
    expect(await readFile(join(folder, finished), 'utf8')).toBe(before);
    expect((await append(writer, 'A', 2)).signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(await keysIn()).toEqual(['A', 'X']);
  });

  it('finishes no file a second time when it wakes', async () => {
    await standsStill(60);
    await again(2);
    wake();
    await late;
    await writer.round();
    await writer.close();
    expect(await keysIn()).toEqual(['A', 'X']);
  });
});

describe('who writes files', () => {
  it('does not know of a write that is broken off, and never makes one that had no turn', async () => {
    const stop = new AbortController();
    const [underWay, waiting] = ['A', 'B'].map((key) => append(writer, key, 1, stop.signal));
    // The first is in hand by now, and no disk answers within a turn of the loop.
    await Promise.resolve().then(() => {});
    stop.abort();
    expect((await underWay)?.signal.kind).toBe('unknown');
    expect((await waiting)?.signal).toMatchObject({ kind: 'not_sent', because: 'us' });
    await Promise.all(['A', 'B'].map((key) => append(writer, key, 2)));
    expect(await keysIn()).toEqual(['A', 'B']);
  });

  it('writes nothing late: what stood still until its time was over was not written', async () => {
    const late = append(writer, 'A');
    now = 30_000;
    expect(await late).toMatchObject({ signal: { kind: 'not_sent', because: 'us' }, errorCode: 'NO_TURN' });
    expect(await keysIn()).toEqual([]);
  });

  it('takes back what the disk failed to keep, and writes no more to that file', async () => {
    await append(writer, 'A');
    const [first = ''] = await names();
    const handle = await open(join(folder, first));
    const failing = jest.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'datasync');
    await handle.close();
    failing.mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    expect(await append(writer, 'B')).toMatchObject({ signal: { kind: 'not_sent' }, errorCode: 'EIO' });
    failing.mockRestore();
    expect(await keysIn()).toEqual(['A']);
    const again = await append(writer, 'B', 2);
    expect(again.signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(again.recordId).not.toBe(first.slice(0, -PART.length));
    expect(await keysIn(first)).toEqual(['A']);
    expect(await keysIn()).toEqual(['A', 'B']);
  });
});
