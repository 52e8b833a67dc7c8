// Part of npm run rules: the rules of source-rules.mjs over every TypeScript file of tsconfig.json.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { breachesOf, SOURCE_RULES } from './source-rules.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(fileNames, { ...options, noEmit: true });
const breaches = breachesOf(program, (file) => relative(root, file).replaceAll('\\', '/'));

for (const { name, mend } of SOURCE_RULES) {
  const own = breaches.filter(({ rule }) => rule === name);
  if (own.length === 0) continue;
  console.error(`\n${name}`);
  for (const { path, line, what } of own) console.error(`  ${path}:${line}  ${what}`);
  console.error(`  → ${mend}`);
}
console.error(
  breaches.length === 0
    ? `source rules: ${fileNames.length} files, no breach`
    : `\nsource rules: ${breaches.length} ${breaches.length === 1 ? 'breach' : 'breaches'}`,
);
process.exitCode = breaches.length === 0 ? 0 : 1;
