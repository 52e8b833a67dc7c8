import { join } from 'node:path';
import { project, runNode } from './support/run-tool.js';

/** Otherwise `npm ci`, and with it the first `npm start` of a fresh clone, fails on every machine. */
it('package-lock.json names the packages of every platform', async () => {
  expect(await runNode([join(project, '.ci', 'complete-lockfile.mjs'), '--check'])).toMatchObject({ code: 0, err: '' });
});
