import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint, progress, root } from './project.mjs';
import { run } from './run.mjs';

const clientDir = join(root, 'node_modules', '.prisma', 'client');
const stampFile = join(clientDir, 'leadgate-stamp');

/**
 * Generates the Prisma client when prisma/schema.prisma or the Prisma version changed since the last time (about 2 s, else nothing).
 * The Prisma CLI would first download a schema engine that `generate` never calls; naming any executable as that engine keeps it offline.
 */
export async function generateClient() {
  const inputs = ['prisma/schema.prisma', 'node_modules/prisma/package.json', 'node_modules/@prisma/client/package.json'];
  const wanted = fingerprint(inputs);
  if (existsSync(join(clientDir, 'index.js')) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;

  progress('generating the database client');
  await run('Generating the database client', process.execPath, [join(root, 'node_modules', 'prisma', 'build', 'index.js'), 'generate'], {
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
  });
  mkdirSync(clientDir, { recursive: true });
  writeFileSync(stampFile, wanted);
}
