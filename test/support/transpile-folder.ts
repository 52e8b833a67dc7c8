import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

/**
 * Turns the sources of one flat folder into ESM files, so that a spec can start an entry point as a real process without a build.
 * Only for folders whose files import each other and node's own modules.
 */
export function transpileFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'package.json'), '{"type":"module"}');
  for (const name of readdirSync(from).filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))) {
    const { code } = transformSync(readFileSync(join(from, name), 'utf8'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    writeFileSync(join(to, name.replace(/\.ts$/, '.js')), code);
  }
}
