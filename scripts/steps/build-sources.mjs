import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ClearError, fingerprint, progress, root } from './project.mjs';
import { run } from './run.mjs';

const stampFile = join(root, 'dist', 'leadgate-stamp');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/**
 * Compiles the sources into dist/ when they changed since the last time (content, not times: a checkout touches every file).
 * @param {{ onTypeErrors: 'fail' | 'report' }} options 'report': say them and go on with what was compiled nevertheless
 * @returns {Promise<boolean>} whether the sources compile without an error
 */
export async function buildSources({ onTypeErrors }) {
  const wanted = fingerprint(inputs());
  const last = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
  if (last.sources === wanted && (last.errors === null || onTypeErrors === 'report')) return report(last.errors);
  if (!existsSync(compiler)) {
    throw new ClearError(
      'The sources changed and there is no compiler here: install the development dependencies (npm ci), then start again.',
    );
  }
  progress('building (about 20 s)');
  const errors = await compile();
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ sources: wanted, errors }));
  if (errors !== null && onTypeErrors === 'fail') throw new ClearError(errors);
  return report(errors);
}

async function compile() {
  try {
    await run('Building', process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), '--pretty', 'false']);
    return null;
  } catch (error) {
    if (error instanceof ClearError) return error.message;
    throw error;
  }
}

function report(errors) {
  if (errors !== null) progress(errors);
  return errors === null;
}

function inputs() {
  const sources = ['apps', 'libs', 'bench'].flatMap((folder) => sourcesUnder(join(root, folder)));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', join('prisma', 'schema.prisma')].map((name) =>
    join(root, name),
  );
  return [...sources, ...settings].map((path) => relative(root, path));
}

function sourcesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .sort()
    .map((name) => join(folder, name));
}
