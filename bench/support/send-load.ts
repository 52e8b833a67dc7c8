import type { LoadReport } from './load-run.js';
import { runProgram } from './processes.js';

type Load = { readonly url: string; readonly seed: number } & ({ readonly count: number } | { readonly seconds: number });

/** So many leads, or for so long, as fast as 64 connections go. @param load another seed means other persons */
export async function sendLoad(root: string, load: Load): Promise<LoadReport> {
  const given = Object.entries({ connections: 64, ...load });
  return runProgram(
    root,
    'bench/support/load-generator.js',
    given.flatMap(([name, value]) => [`--${name}`, `${value}`]),
  );
}
