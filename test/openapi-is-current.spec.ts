import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeGateway } from '../apps/gateway/src/describe-gateway.js';

let described: string;

beforeAll(async () => {
  described = await describeGateway();
});

it('openapi.json describes the routes as they are (mend it with: npm run openapi)', () => {
  const written = readFileSync(join(process.cwd(), 'openapi.json'), 'utf8');
  expect(described).toBe(written);
});

it('every group of routes that /docs announces has routes, and every route a group', () => {
  const { tags, paths } = JSON.parse(described) as { tags: { name: string }[]; paths: Record<string, Record<string, { tags: string[] }>> };
  const used = Object.values(paths).flatMap((methods) => Object.values(methods).flatMap((operation) => operation.tags));
  expect([...new Set(used)].sort()).toEqual(tags.map(({ name }) => name).sort());
});
