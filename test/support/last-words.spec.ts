import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from './eventually.js';
import { conditionOf, lastWords } from './last-words.js';

const access = '{"level":"info","event":"accept","route":"/webhooks/leads","status":503}';

describe('what a failed wait says of a process', () => {
  it('is the end of what it printed, without the lines of lead requests', () => {
    const said = lastWords([...Array.from({ length: 100 }, (_, n) => `line ${n}.\n${access}`), ''].join('\n'));
    expect(said).toContain('200 lines, 100 of them of lead requests');
    expect(said).toMatch(/line 99\.$/);
    expect(said).toContain('line 60.');
    expect(said).not.toContain('line 59.');
    expect(said).not.toContain('accept');
  });

  it('is short enough to be kept, and says the beginning of one long error', () => {
    expect(lastWords(`${'a line that is quite long '.repeat(20)}\n`.repeat(40)).length).toBeLessThan(4500);
    expect(lastWords(`Error: no room\n${'x'.repeat(9000)}`)).toMatch(/:\nx{4000}$/);
  });

  it.each([
    { does: 'waits', script: 'setInterval(() => {}, 60_000)', state: /state S .* it used 0\.\d\d in the last 1000 ms/ },
    { does: 'turns in a loop', script: 'for (;;) ;', state: /state R / },
  ])('is whether it $does', async ({ script, state }) => {
    const child = spawn(process.execPath, ['-e', `process.stdout.write('.', () => {}); ${script}`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(child.stdout, 'data');
      await eventually('it is said', async () => (state.test(await conditionOf(child.pid ?? 0)) ? true : undefined));
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    expect(await conditionOf(child.pid ?? 0)).toBe(`Process ${child.pid} is gone.`);
  });
});
