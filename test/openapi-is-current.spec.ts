import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeGateway } from '../apps/gateway/src/describe-gateway.js';

it('openapi.json describes the routes as they are (mend it with: npm run openapi)', async () => {
  const written = readFileSync(join(process.cwd(), 'openapi.json'), 'utf8');
  expect(await describeGateway()).toBe(written);
});
