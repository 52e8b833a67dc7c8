// npm run env:example: writes .env.example and the settings table of README.md. npm run env:check (--check): fails when one is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSources } from './steps/build-sources.mjs';
import { generateClient } from './steps/generate-client.mjs';
import { main } from './steps/main.mjs';
import { ClearError, progress, root } from './steps/project.mjs';

const TABLE = /(<!-- settings[^>]*-->\n)[^]*?(<!-- \/settings -->)/;

await main(async () => {
  await generateClient();
  await buildSources({ onTypeErrors: 'report' });
  const { renderEnvExample, renderSettingsTable } = await import(join(root, 'dist', 'libs', 'platform', 'src', 'config', 'env-example.js'));
  const current = {
    '.env.example': () => renderEnvExample(),
    'README.md': (text) => text.replace(TABLE, (_, begin, end) => `${begin}\n${renderSettingsTable()}\n\n${end}`),
  };
  for (const [name, render] of Object.entries(current)) {
    const file = join(root, name);
    const text = readFileSync(file, 'utf8');
    const wanted = render(text);
    if (text === wanted) continue;
    if (process.argv.includes('--check')) {
      throw new ClearError(`${name} does not show the settings as they are now. Mend it with: npm run env:example`);
    }
    writeFileSync(file, wanted);
    progress(`${name} is written`);
  }
});
