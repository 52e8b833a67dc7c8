import { spawn } from 'node:child_process';
import { ClearError, root } from './project.mjs';

/**
 * Runs one command to its end and returns its output. Fails with a ClearError that shows the output when the command does.
 * @param {string} what the step in words, for the error
 * @param {{ env?: NodeJS.ProcessEnv }} [options] env is added to ours
 */
export async function run(what, command, args, { env } = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new ClearError(`${what} could not be started (${error.message}).`)));
    child.on('close', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new ClearError(`${what} failed (${code}):\n${output.trim()}`);
  return output;
}
