import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationConfig, JsonObject, JsonValue, MappingConfig, TenantId } from '#core';
import { DestinationRegistry } from '../../destination-registry.js';
import type { Destination, DestinationAnswer } from '../../destination.port.js';
import { aCall, aKey, CANARY, type DestinationUnderTest } from '../../testing/destination-under-test.js';
import { keepsItsWord } from '../../testing/keeps-its-word.js';
import { fileDestination } from './file.destination.js';
import { FileDrops } from './file-drops.js';
import { ABANDONED_SECONDS, DropFolder } from './drop-folder.js';
import { KEYS_FOLDER } from './part-file.js';

const MAPPING: MappingConfig = {
  name: 'crm',
  fields: [
    { target: 'lead.email', from: ['email'] },
    { target: 'lead.phone', from: ['phone'] },
    { target: 'note', from: ['note'] },
    { target: 'attributes', fact: 'attributes' },
  ],
  attributes: { rules: { area: { attribute_type: 'text' } } },
};

let root: string;
let drops: FileDrops;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'leadgate-drop-'));
  drops = new FileDrops({ root, makesRoot: false });
});
afterEach(async () => {
  await drops.close();
  await rm(root, { recursive: true, force: true });
});

function configOf(options: Record<string, JsonValue> = {}): DestinationConfig {
  return {
    name: 'nightly',
    kind: 'file',
    authentication: { kind: 'none' },
    mapping: 'crm',
    answers: 'standard',
    effect: 'keyed',
    options,
  } as unknown as DestinationConfig;
}

const opened = (options: Record<string, JsonValue> = {}, of = drops, mapping = MAPPING): Destination =>
  new DestinationRegistry([fileDestination(of)]).open(configOf(options), { tenantId: 'acme' as TenantId, mapping });

const folder = (): string => join(root, 'acme', 'nightly');
const names = async (): Promise<string[]> => (await readdir(folder())).filter((name) => name !== KEYS_FOLDER).sort();
const contentOf = async (name: string): Promise<string> => readFile(join(folder(), name), 'utf8');
/** Everything that was written, finished or not. */
const everything = async (): Promise<string> => (await Promise.all((await names()).map(contentOf))).join('');
const one = { payload: JSON.stringify({ lead: CANARY }), contentType: 'application/json' } as DestinationUnderTest;
const send = (to: Destination, key: string, given: { attemptNo?: number; payload?: JsonObject } = {}): Promise<DestinationAnswer> =>
  to.send(
    aCall(one, {
      idempotencyKey: aKey(key),
      ...(given.attemptNo === undefined ? {} : { attemptNo: given.attemptNo }),
      ...(given.payload === undefined ? {} : { payload: JSON.stringify(given.payload) }),
    }),
  );
const keysIn = (text: string): string[] => [...text.matchAll(/"_delivery_key":"(.)\1{51}"/g)].map(([, letter]) => letter as string);

keepsItsWord(async () => {
  const destination = opened();
  const received: { key: string; body: string }[] = [];
  return {
    config: configOf(),
    // After each call, what whoever collects the files would find of it.
    destination: {
      send: async (call) => {
        const answer = await destination.send(call);
        const row = (await everything()).split('\n').find((line) => line.includes(call.idempotencyKey));
        if (row !== undefined) received.push({ key: call.idempotencyKey, body: row });
        return answer;
      },
    },
    payload: one.payload,
    contentType: one.contentType,
    secrets: [],
    received: () => received,
    stop: async () => {},
  };
});

describe('a drop of files', () => {
  it('gives a file its name when it has its rows, and not before', async () => {
    const destination = opened({ max_rows: '2' });
    await send(destination, 'A');
    expect(await names()).toEqual([expect.stringMatching(/^nightly_\d{8}T\d{6}Z_[0-9a-f]{10}\.ndjson\.part$/)]);
    const answer = await send(destination, 'B');
    const [name, ...others] = await names();
    expect(others).toEqual([]);
    expect(name).toMatch(/\.ndjson$/);
    expect(answer.recordId).toBe(name);
    expect(keysIn(await contentOf(name as string))).toEqual(['A', 'B']);
    expect((await stat(join(folder(), name as string))).mode & 0o007).toBe(0);
  });

  it('finishes a file whose time has come, and what is under way when the process ends', async () => {
    const destination = opened({ max_age_minutes: '1' });
    await send(destination, 'A');
    await drops.round();
    expect((await names()).every((name) => name.endsWith('.part'))).toBe(true);
    await drops.close();
    expect((await names()).every((name) => name.endsWith('.ndjson'))).toBe(true);
  });

  it('puts what comes at once into one write', async () => {
    const destination = opened();
    const answers = await Promise.all([...'ABCDEFGHIJ'].map((key) => send(destination, key)));
    expect(new Set(answers.map(({ recordId }) => recordId)).size).toBe(1);
    expect(keysIn(await everything())).toEqual([...'ABCDEFGHIJ']);
  });

  it('never writes a delivery twice: not in a file under way, a finished one or one that was collected', async () => {
    const destination = opened({ max_rows: '2' });
    await send(destination, 'A');
    await send(destination, 'A', { attemptNo: 2 });
    expect(keysIn(await everything())).toEqual(['A']);
    await send(destination, 'B');
    for (const name of await names()) await rename(join(folder(), name), join(root, name));
    const answer = await send(destination, 'A', { attemptNo: 3 });
    expect(answer.signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(await names()).toEqual([]);
  });

  it('takes a row that another process wrote and could not tell of for delivered', async () => {
    await send(opened(), 'A');
    const other = new FileDrops({ root, makesRoot: false });
    const destination = opened({}, other);
    await send(destination, 'A', { attemptNo: 2 });
    await send(destination, 'B', { attemptNo: 2 });
    expect(keysIn(await everything()).sort()).toEqual(['A', 'B']);
    expect(await names()).toHaveLength(2);
    await other.close();
  });

  it('takes up what a killed process left, without the row it died in', async () => {
    await send(opened(), 'A');
    const [part] = await names();
    const path = join(folder(), part as string);
    // Its writer is gone; the last row is torn.
    const whole = (await stat(path)).size;
    await writeFile(path, `{"_delivery_key":"${aKey('B')}","lead":{"em`, { flag: 'a' });
    const long = new Date(Date.now() - (ABANDONED_SECONDS + 60) * 1000);
    await utimes(path, long, long);
    const next = new FileDrops({ root, makesRoot: false });
    // B was never delivered; whoever asks is told so before and after.
    expect(await new DropFolder(folder()).holding(new Set([aKey('A'), aKey('B')]))).toEqual(
      new Map([[aKey('A'), (part as string).slice(0, -5)]]),
    );
    await next.round();
    expect(await names()).toEqual([(part as string).slice(0, -5)]);
    expect((await stat(join(folder(), (await names())[0] as string))).size).toBe(whole);
    expect(await new DropFolder(folder()).holding(new Set([aKey('A'), aKey('B')]))).toEqual(
      new Map([[aKey('A'), (part as string).slice(0, -5)]]),
    );
    // The one who stood still finds that its file was taken, and begins another.
    const answer = await send(opened(), 'C');
    expect(answer.signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(answer.recordId).not.toBe((part as string).slice(0, -5));
    expect((await stat(join(folder(), (part as string).slice(0, -5)))).size).toBe(whole);
    expect(keysIn(await everything()).sort()).toEqual(['A', 'C']);
    await next.close();
  });

  it('leaves files alone that a living process has under way', async () => {
    await send(opened(), 'A');
    const other = new FileDrops({ root, makesRoot: false });
    await drops.round();
    await other.round();
    expect((await names()).every((name) => name.endsWith('.part'))).toBe(true);
    await other.close();
  });

  it('refuses a payload that makes no row, and no other one with it', async () => {
    const destination = opened();
    const form = { idempotencyKey: aKey('B'), payload: 'email=a%40example.com' };
    const [one_, form_] = await Promise.all([send(destination, 'A'), destination.send(aCall(one, form))]);
    expect(one_.signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(form_).toMatchObject({ signal: { kind: 'not_sent', because: 'payload' }, errorCode: 'NO_OBJECT' });
    expect(keysIn(await everything())).toEqual(['A']);
  });

  it('keeps rows of another form in another file', async () => {
    await send(opened({ format: 'csv' }), 'A');
    await send(opened({ format: 'csv' }, drops, { name: 'crm', fields: [{ target: 'email', from: ['email'] }] }), 'B');
    await drops.close();
    const heads = await Promise.all((await names()).map(async (name) => (await contentOf(name)).split('\r\n')[0]));
    expect(heads.sort()).toEqual(['_delivery_key,email', '_delivery_key,lead.email,lead.phone,note,attributes.area']);
  });
});

describe('a row of CSV', () => {
  const cellsOf = async (payload: JsonObject, options: Record<string, JsonValue> = {}): Promise<string> => {
    await send(opened({ format: 'csv', ...options }), 'A', { payload });
    await drops.close();
    const [name] = await names();
    return (await contentOf(name as string)).split('\r\n').slice(1).join('\r\n').slice(53).trimEnd();
  };

  it.each<{ description: string; payload: JsonObject; cells: string }>([
    {
      description: 'nested values',
      payload: { lead: { email: 'a@example.com', phone: '1' }, attributes: { area: 5 } },
      cells: 'a@example.com,1,,5',
    },
    { description: 'what is missing', payload: {}, cells: ',,,' },
    { description: 'commas, quotes and line breaks', payload: { note: 'a, "b"\r\nc' }, cells: ',,"a, ""b""\r\nc",' },
    { description: 'a list', payload: { note: ['a', 'b'] }, cells: ',,"[""a"",""b""]",' },
    { description: 'letters of any script', payload: { note: 'Müller 李' }, cells: ',,Müller 李,' },
    { description: 'a negative number', payload: { note: -5 }, cells: ',,-5,' },
    { description: 'a truth', payload: { note: true }, cells: ',,true,' },
  ])('holds $description', async ({ payload, cells }) => {
    expect(await cellsOf(payload)).toBe(cells);
  });

  it.each(['=HYPERLINK("x")', '+49160', '-1+1', '@SUM(A1)', '\tx', '\rx', '\n=x'])('neutralises %j', async (note) => {
    expect((await cellsOf({ note })).replace(/^,,"?/, '')).toMatch(/^'/);
  });

  it('keeps formulas for a collector that is no spreadsheet', async () => {
    expect(await cellsOf({ note: '+49160' }, { formula_cells: 'keep' })).toBe(',,+49160,');
  });

  it('is found again by its key, line breaks and all, and a torn one is not', async () => {
    await send(opened({ format: 'csv' }), 'A', { payload: { note: 'a\n"b"\nc' } });
    await send(opened({ format: 'csv' }), 'B', { payload: { note: 'x\ny' } });
    const [part] = await names();
    await truncate(join(folder(), part as string), (await stat(join(folder(), part as string))).size - 6);
    const held = await new DropFolder(folder()).holding(new Set([aKey('A'), aKey('B')]));
    expect([...held.keys()]).toEqual([aKey('A')]);
  });
});

describe('a disk that does not play along', () => {
  const failsWith = async (code: string): Promise<void> => {
    const answer = await send(opened(), 'A');
    expect(answer).toMatchObject({
      signal: { kind: 'not_sent', cause: expect.stringContaining('LEADGATE_FILE_DROP_DIR') as string },
      errorCode: code,
    });
    expect(JSON.stringify(answer)).not.toContain(root);
  };

  it('is told of when the folder is missing, and written to when it is back', async () => {
    await rename(root, `${root}-away`);
    await failsWith('ENOENT');
    await rename(`${root}-away`, root);
    expect((await send(opened(), 'A', { attemptNo: 2 })).signal.kind).toBe('answered');
  });

  it('is told of when something stands in the way', async () => {
    await writeFile(join(root, 'acme'), 'a file');
    await failsWith('ENOTDIR');
  });

  it('is told of when it cannot be written to', async () => {
    await mkdir(join(root, 'acme'));
    await chmod(join(root, 'acme'), 0o500);
    const isRoot = process.getuid?.() === 0;
    // Root may write anywhere; for everybody else the folder is closed.
    if (!isRoot) await failsWith('EACCES');
    await chmod(join(root, 'acme'), 0o700);
    expect((await send(opened(), 'A')).signal.kind).toBe('answered');
  });
});

describe('a configuration', () => {
  const problems = (options: Record<string, JsonValue>, more: object = {}): string[] =>
    new DestinationRegistry([fileDestination(drops)]).problems({ ...configOf(options), ...more });

  it.each(['../elsewhere', '/etc', 'a/../../b', 'a//b', '.keys', 'A', 'a/b/c/d/e', 'a\\b', 'a\u0000b'])(
    'has no way out of its folder by %j',
    (directory) => {
      expect(problems({ directory })).toEqual([expect.stringMatching(/^options\.directory: must be one to four names/)]);
    },
  );

  it('may name folders, rows and minutes', () => {
    expect(problems({ directory: 'nightly/leads', max_rows: '500', max_age_minutes: '60', format: 'csv', formula_cells: 'keep' })).toEqual(
      [],
    );
  });

  it('is told of what would be there for nothing', () => {
    expect(problems({ format: 'xlsx', max_rows: '0' }, { url: 'https://crm.example.com', effect: 'blind' })).toEqual([
      expect.stringMatching(/^effect: must be keyed/),
      expect.stringMatching(/^url: has no use/),
      expect.stringMatching(/^options\.format: must be one of: ndjson, csv/),
      expect.stringMatching(/^options\.max_rows: must be a whole number/),
    ]);
  });
});
