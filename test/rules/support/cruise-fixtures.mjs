// Cruises small source trees with the real import rules. In: JSON { name: { path: text } } on stdin.
// Out: JSON { name: [{ rule, from, to }] } on stdout. A process of its own, because dependency-cruiser is ESM and jest runs CommonJS.
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import rules from '../../../.dependency-cruiser.mjs';

const trees = JSON.parse(await text(process.stdin));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leadgate-import-rules-')));
const found = {};
try {
  for (const [name, files] of Object.entries(trees)) {
    const root = join(folder, name);
    for (const [path, source] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), source);
    }
    process.chdir(root);
    const tsConfigFile = join(root, 'tsconfig.json');
    const { output } = await cruise(
      Object.keys(files).filter((path) => path.endsWith('.ts')),
      { ...rules.options, ruleSet: { forbidden: rules.forbidden }, validate: true, baseDir: root, tsConfig: { fileName: tsConfigFile } },
      rules.options.enhancedResolveOptions,
      { tsConfig: extractTSConfig(tsConfigFile) },
    );
    found[name] = output.summary.violations.map((violation) => ({ rule: violation.rule.name, from: violation.from, to: violation.to }));
  }
} finally {
  process.chdir(tmpdir());
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(JSON.stringify(found));
