import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const project = join(__dirname, '..', '..');

/** A code block of a guide: a whole file, or lines to be put into one. */
export interface GuideBlock {
  readonly language: string;
  readonly path: string;
  readonly text: string;
}

/** The blocks that name a file (```ts libs/…), in order. */
export function blocksOf(guide: string): GuideBlock[] {
  const text = readFileSync(join(project, 'docs', 'guides', guide), 'utf8');
  return [...text.matchAll(/^```(\w+) (\S+)\n([^]*?)^```$/gm)].map(([, language, path, body]) => ({
    language: language!,
    path: path!,
    text: body!,
  }));
}

export interface Overlay {
  apply(blocks: readonly GuideBlock[]): void;
  /** Runs a tool of the project in the copy. @returns its output when it succeeds; throws with it otherwise */
  run(tool: string, ...args: string[]): Promise<string>;
  remove(): void;
}

/** A copy of the sources with the real packages, in which a guide can be followed. */
export function makeOverlay(): Overlay {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leadgate-guide-')));
  for (const part of [
    'apps',
    'libs',
    'test/fixtures',
    'test/support',
    'test/faults/support',
    'package.json',
    'tsconfig.json',
    'nest-cli.json',
    'jest.config.js',
    '.dependency-cruiser.mjs',
    '.prettierrc.json',
  ]) {
    cpSync(join(project, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  return {
    apply: (blocks) => {
      for (const block of blocks) {
        const file = join(folder, block.path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, block.language === 'diff' ? patched(readFileSync(file, 'utf8'), block) : block.text);
      }
    },
    run: (tool, ...args) => runTool(folder, tool, args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Finds the lines that stay and go (` `, `-`) and puts those that stay and come (` `, `+`) in their place. */
function patched(source: string, { path, text }: GuideBlock): string {
  const lines = text.split('\n').slice(0, -1);
  const without = (sign: string): string =>
    lines
      .filter((line) => !line.startsWith(sign))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const [before, after, ...more] = source.split(without('+'));
  if (after === undefined || more.length > 0) {
    throw new Error(`${path} has ${after === undefined ? 'no place' : 'several places'} that look like this:\n${without('+')}`);
  }
  return before + without('-') + after;
}

async function runTool(folder: string, tool: string, args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join('node_modules', tool), ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${tool} ${args.join(' ')} ended with ${String(code)}:\n${output}`);
  return output;
}
