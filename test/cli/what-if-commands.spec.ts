import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { type Answer, leadgate } from '../support/leadgate-cli.js';
import { acmeFile, createWhatIfWorld, type WhatIfWorld } from '../what-if/support/what-if-world.js';

let world: WhatIfWorld;
let folder: string;
beforeAll(async () => {
  world = await createWhatIfWorld();
  folder = mkdtempSync(join(tmpdir(), 'leadgate-cli-'));
  mkdirSync(join(folder, 'config'));
  await world.activate(acmeFile());
  await world.leads(
    { at: '2026-03-02T10:00:00Z', payload: { email: 'a@example.com', zip: '66123' } },
    { at: '2026-03-02T11:00:00Z', payload: { email: 'b@example.com' } },
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.end();
});

const run = (...words: string[]): Promise<Answer> =>
  leadgate(words, { DATABASE_URL: world.url, LEADGATE_CONFIG: join(folder, 'config') }, folder);
const json = async <T = JsonObject>(...words: string[]): Promise<T> => JSON.parse((await run(...words, '--json')).said) as T;
const write = (file: JsonObject): void => writeFileSync(join(folder, 'draft.json'), JSON.stringify(file));
const FREE = { rules: { active: 'none', profiles: [{ name: 'none', rules: [] }] } };

it('takes a draft from the file to the active version', async () => {
  write(acmeFile(FREE));
  const drafted = await run('config', 'draft', 'draft.json', '--tenant', 'acme');
  expect(drafted).toMatchObject({ code: 0, said: expect.stringContaining('Version 2 of tenant acme is kept as a draft.') as string });
  expect(await json('config', 'draft', 'draft.json')).toMatchObject({ result: 'unchanged', version: 2, origin: 'draft:draft.json' });
  expect((await run('config', 'list', 'acme')).said).toMatch(/acme +2 +v2 .*draft:draft\.json\n.*acme +1 +active/);

  const started = await json<{ id: string; total: number }>('what-if', 'start', '--tenant', 'acme', '--draft', '2', '--from', '2026-03-01');
  expect(started).toMatchObject({ ok: true, total: 2, status: 'RUNNING' });
  expect(await run('what-if', 'promote', started.id)).toMatchObject({ code: 1, said: expect.stringContaining('not FINISHED') as string });
  await world.run(started.id);
  const shown = await run('what-if', 'show', started.id);
  expect(shown.code).toBe(0);
  expect(shown.said).toContain('FINISHED: [##############################] 100 %  2 of 2 leads');
  expect(shown.said).toContain('decision: REJECT NO_ZIP → PASS');
  expect(shown.said).toContain('route: also to crm');
  expect(await json('what-if', 'show', started.id, '--kind', 'route')).toMatchObject({ differences: [{ kind: 'route' }] });
  expect((await run('what-if', 'list')).said).toContain(started.id);
  expect((await run('what-if', 'cancel', started.id)).code).toBe(1);
  expect(await run('what-if', 'promote', started.id)).toMatchObject({
    code: 0,
    said: expect.stringContaining('Version 2 of tenant acme is active') as string,
  });
  expect((await run('what-if', 'list')).said).toContain('FINISHED, promoted');
});

it('stays and shows the bar until the run has ended', async () => {
  write(acmeFile({ name: 'Watched' }));
  const { version } = await json<{ version: number }>('config', 'draft', 'draft.json');
  const watched = run('what-if', 'start', '--tenant', 'acme', '--draft', `${version}`, '--from', '2026-03-01', '--watch');
  const relay = world.runner();
  let hasEnded = false;
  void watched.finally(() => (hasEnded = true));
  while (!hasEnded) {
    await relay.runOnce();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await watched).toMatchObject({ code: 0, complained: expect.stringContaining('100 %  2 of 2 leads') as string });
});

it.each<{ words: string[]; code: 1 | 2; says: string }>([
  { words: ['config', 'draft', 'draft.json', '--tenant', 'other'], code: 1, says: 'about the tenant acme, not other' },
  { words: ['what-if', 'start', '--tenant', 'acme', '--draft', '1'], code: 2, says: 'needs --from' },
  { words: ['what-if', 'start', '--tenant', 'acme', '--draft', 'x', '--from', '2026-03-01'], code: 2, says: '--draft is a whole number' },
  { words: ['what-if', 'start', '--tenant', 'acme', '--draft', '1', '--from', 'yesterday'], code: 2, says: '--from must be a time ago' },
  { words: ['what-if', 'start', '--tenant', 'acme', '--draft', '99', '--from', '2026-03-01'], code: 1, says: 'has no version 99' },
  { words: ['what-if', 'show', '01900000-0000-7000-8000-000000000000'], code: 1, says: 'There is no what-if' },
  { words: ['what-if', 'show', 'x'], code: 2, says: 'ID is the id of a what-if' },
])('says what is wrong with $words', async ({ words, code, says }) => {
  write(acmeFile());
  const answer = await run(...words);
  expect(answer.code).toBe(code);
  expect(answer.said + answer.complained).toContain(says);
});
