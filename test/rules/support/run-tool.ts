import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

export const project = join(dirname(require.resolve('../../../package.json')));

export interface ToolRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one Node program to its end, with `input` on stdin. */
export async function runNode(
  args: readonly string[],
  { cwd = project, input = '', env = {} as Record<string, string> } = {},
): Promise<ToolRun> {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env } });
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    }),
  ]);
  return { code, out, err };
}

/** The same for a program that answers with JSON on stdout. */
export async function askNode<Answer>(script: string, question: unknown): Promise<Answer> {
  const { code, out, err } = await runNode([script], { input: JSON.stringify(question) });
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${err}`);
  return JSON.parse(out) as Answer;
}
