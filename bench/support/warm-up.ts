import type { LoadReport } from './load-run.js';
import { runProgram } from './processes.js';

/**
 * So many leads of persons whom no benchmark measures, as fast as 64 connections go: what is hot in a process that starts is compiled during its
 * first ten thousand leads, which costs it more than they do. An operator meets it as it is afterwards.
 */
export async function warmUp(root: string, { url, count, seed }: { url: string; count: number; seed: number }): Promise<void> {
  await runProgram<LoadReport>(root, 'bench/support/load-generator.js', [
    '--url',
    url,
    '--connections',
    '64',
    '--count',
    `${count}`,
    '--seed',
    `${seed}`,
  ]);
}
