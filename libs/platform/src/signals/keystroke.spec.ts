import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transpileFolder } from '../../../../test/support/transpile-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'keystroke-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A signal comes, and another while the process stands still for longer than a keystroke lasts; then one that somebody sends for himself. */
const program = (module: string): string => `
  import { Keystroke } from ${JSON.stringify(pathToFileURL(module).href)};
  let keystroke;
  const heard = [];
  process.on('SIGUSR2', () => {
    heard.push(keystroke?.isOver ?? 'first');
    if (heard.length === 1) {
      keystroke = new Keystroke();
      process.kill(process.pid, 'SIGUSR2');
      for (const end = performance.now() + 600; performance.now() < end;);
    }
    if (heard.length === 2) {
      const again = setInterval(() => {
        if (!keystroke.isOver) return;
        clearInterval(again);
        process.kill(process.pid, 'SIGUSR2');
      }, 1);
    }
    if (heard.length === 3) {
      process.stdout.write(JSON.stringify(heard));
      clearInterval(alive);
    }
  });
  const alive = setInterval(() => {}, 1000);
  process.kill(process.pid, 'SIGUSR2');`;

it('a second signal belongs to the keystroke of the first, also when the process stood still meanwhile; a later one does not', async () => {
  transpileFolder(__dirname, folder);
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(join(folder, 'keystroke.js'))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await once(child, 'close');
  expect(JSON.parse(said)).toEqual(['first', false, true]);
});
