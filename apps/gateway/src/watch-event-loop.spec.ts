import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithSuite, PROJECT_ROOT } from '../../../test/support/child-process.js';
import { eventually, within } from '../../../test/support/eventually.js';

const MODULE = pathToFileURL(join(PROJECT_ROOT, 'dist/apps/gateway/src/watch-event-loop.js')).href;

/** A process whose event loop is watched; it says when it begins, then does what is given. */
function watched(seconds: number, work: string): ChildProcess & { said(): string } {
  const program = `
    import { watchEventLoop } from ${JSON.stringify(MODULE)};
    watchEventLoop(${seconds});
    const turns = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const standsStill = (milliseconds) => { for (const end = performance.now() + milliseconds; performance.now() < end;); };
    process.stdout.write('begins ');
    ${work}
    process.stdout.write('ends');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithSuite(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
  return Object.assign(child, { said: () => said });
}

const end = (child: ChildProcess): Promise<unknown> => within('the process ends', once(child, 'close'));

describe('a process whose event loop is watched', () => {
  it('ends when it stands still, and says so', async () => {
    const child = watched(1, 'await turns(100); standsStill(Infinity);');
    expect(await end(child)).toEqual([null, 'SIGKILL']);
    expect(child.said()).toContain('The event loop has stood still for 1 s.');
  });

  it('goes on where nothing is watched', async () => {
    const child = watched(0, 'standsStill(3000);');
    expect(await end(child)).toEqual([0, null]);
    expect(child.said()).toBe('begins ends');
  });

  it('goes on when it was paused for longer', async () => {
    const child = watched(5, 'await turns(2000);');
    await within('it begins', once(child.stdout ?? child, 'data'));
    child.kill('SIGSTOP');
    const longer = performance.now() + 6000;
    await eventually('it is paused for longer than it may stand still', async () => (performance.now() > longer ? true : undefined));
    child.kill('SIGCONT');
    expect(await end(child)).toEqual([0, null]);
  });
});
