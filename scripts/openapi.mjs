// npm run openapi: writes openapi.json from the controllers. npm run openapi:check (--check): fails when the file is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSources } from './steps/build-sources.mjs';
import { generateClient } from './steps/generate-client.mjs';
import { main } from './steps/main.mjs';
import { ClearError, progress, root } from './steps/project.mjs';

const file = join(root, 'openapi.json');

await main(async () => {
  await generateClient();
  await buildSources({ onTypeErrors: 'report' });
  const { describeGateway } = await import(join(root, 'dist', 'apps', 'gateway', 'src', 'describe-gateway.js'));
  const current = await describeGateway();
  if (!process.argv.includes('--check')) {
    writeFileSync(file, current);
    progress('openapi.json is written');
  } else if (readFileSync(file, 'utf8') !== current) {
    throw new ClearError('openapi.json does not describe the routes as they are now. Mend it with: npm run openapi');
  }
});
