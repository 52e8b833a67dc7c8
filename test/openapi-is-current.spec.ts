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

interface Answer {
  content?: Record<string, { schema?: { $ref?: string }; examples?: Record<string, { $ref: string }> }>;
}
interface Described {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>;
  components: { examples: Record<string, { value: { status: number; type: string; detail: unknown } }> };
}

it('every error of every route is shown as it is answered: with its own status and code', () => {
  const { paths, components } = JSON.parse(described) as Described;
  const shown = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.values(content)
          .filter(({ schema }) => /\/(Problem|\w+Failed)$/.test(schema?.$ref ?? ''))
          .map(({ examples = {} }) => ({
            what: `${method} ${path} ${status}`,
            examples: Object.entries(examples).map(([code, { $ref }]) => ({
              code,
              example: components.examples[$ref.replace('#/components/examples/', '')]?.value,
            })),
          })),
      ),
    ),
  );
  expect(shown.length).toBeGreaterThan(100);
  expect(shown.filter(({ examples }) => examples.length === 0)).toEqual([]);
  for (const { what, examples } of shown) {
    for (const { code, example } of examples) {
      expect({ what, status: example?.status, type: example?.type }).toEqual({
        what,
        status: Number(what.split(' ').at(-1)),
        type: `urn:leadgate:problem:${code}`,
      });
    }
  }
});
