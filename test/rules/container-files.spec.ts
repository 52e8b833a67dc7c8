import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEMO_TENANT_VARIABLES, ROLES, readSettings, SETTING_KEYS } from '#platform';
import { project, runNode } from './support/run-tool.js';

/** There is no container engine where the tests run; these are the mistakes one can see without one. */

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly volumes?: readonly string[];
  readonly configs?: readonly { readonly source: string }[];
  readonly healthcheck?: object;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly configs: object;
}

const read = (path: string): string => readFileSync(join(project, path), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** `${NAME:?message}` and `${NAME:-preset}` as compose fills them in, with a stand-in for what must be set. */
const filledIn = (text: string): string => text.replaceAll(/\$\{[A-Z_]+(?::\?[^}]*|:-([^}]*))\}/g, (_, preset) => preset ?? 'stand-in');
const compose = parse(filledIn(read('docker-compose.yml')), { merge: true }) as Compose;
const services = Object.entries(compose.services).map(([name, service]) => ({ name, ...service }));
const ours = services.filter(({ build }) => build !== undefined);

/** An npm script's own command, or the main file of an app: both are run by other tests. */
function isTestedCommand(command: readonly string[]): boolean {
  const app = /^dist\/(apps\/[a-z-]+\/src\/main)\.js$/.exec(command[1] ?? '');
  return (
    Object.values(scripts).some((script) => script.replace(/^exec /, '') === command.join(' ')) ||
    (app !== null && existsSync(join(project, `${app[1]}.ts`)))
  );
}

describe('docker-compose.yml', () => {
  it.each(ours)('$name runs a command that the tests run too', ({ command = [] }) => {
    expect(isTestedCommand(command)).toBe(true);
  });

  it.each(ours)('$name is given settings that exist and can be read', ({ environment = {} }) => {
    const known = [...Object.keys(SETTING_KEYS), ...Object.keys(DEMO_TENANT_VARIABLES)];
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    expect(() => readSettings(environment)).not.toThrow();
  });

  it('shares out every role', () => {
    const given = services.flatMap(({ environment }) => environment?.['LEADGATE_ROLES']?.split(',') ?? []);
    expect(given.sort()).toEqual([...ROLES].sort());
  });

  it.each(ours)('$name has longer to stop than the 30 s of its drain', ({ stop_grace_period = '10s' }) => {
    expect(Number(/^(\d+)s$/.exec(stop_grace_period)?.[1])).toBeGreaterThanOrEqual(40);
  });

  it.each(services)('$name has a pinned image, a user other than root, and dependencies that exist', (service) => {
    if (service.build === undefined) {
      expect(service.image).toMatch(/:\d+\.\d+(\.\d+)?-bookworm$/);
      expect(service.user).toMatch(/^[a-z]+$/);
      expect(service.healthcheck).toBeDefined();
    }
    expect(Object.keys(service.depends_on ?? {}).filter((name) => !(name in compose.services))).toEqual([]);
    expect((service.volumes ?? []).map((volume) => volume.split(':')[0]).filter((name) => !(name! in compose.volumes))).toEqual([]);
    expect((service.configs ?? []).filter(({ source }) => !(source in compose.configs))).toEqual([]);
  });

  it('keeps the queue from evicting jobs', () => {
    expect(compose.services['redis']?.command).toEqual(expect.arrayContaining(['--maxmemory-policy', 'noeviction', '--appendonly', 'yes']));
  });

  it('migrates before anything else of ours runs', () => {
    for (const { name, depends_on } of ours.filter((service) => service.environment?.['LEADGATE_ROLES'])) {
      expect({ name, migrate: depends_on?.['migrate'] }).toEqual({ name, migrate: { condition: 'service_completed_successfully' } });
    }
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const valuesOf = (instruction: string): string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim());

  it('copies only what is there and what .dockerignore lets through', () => {
    const sources = valuesOf('COPY')
      .filter((copy) => !copy.startsWith('--from='))
      .flatMap((copy) => copy.split(/\s+/).slice(0, -1));
    expect(sources.filter((source) => !existsSync(join(project, source)))).toEqual([]);
    const letThrough = read('.dockerignore').split('\n');
    expect(sources.filter((source) => !letThrough.includes(`!${source}`))).toEqual([]);
  });

  it('runs npm scripts that exist', () => {
    const names = valuesOf('RUN').flatMap((run) => [...run.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name!));
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('starts, as a user without rights, the command of an npm script', () => {
    expect(valuesOf('USER')).toEqual(['node']);
    expect(isTestedCommand(JSON.parse(valuesOf('CMD').at(-1) ?? '[]') as string[])).toBe(true);
  });

  it('is built on the Node that package.json asks for', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [major, minor] = engines.node.replace('>=', '').split('.').map(Number);
    for (const from of valuesOf('FROM')) {
      const [, imageMajor, imageMinor] = /^node:(\d+)\.(\d+)\.\d+-/.exec(from)!.map(Number);
      expect([imageMajor, imageMinor! >= minor!]).toEqual([major, true]);
    }
  });

  describe('HEALTHCHECK', () => {
    let server: Server;
    let status = 200;
    beforeAll(async () => {
      server = createServer((request, response) => response.writeHead(request.url === '/health/live' ? status : 404).end());
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it.each([
      { answer: 200, code: 0 },
      { answer: 500, code: 1 },
    ])('ends with $code when the gateway answers $answer', async ({ answer, code }) => {
      status = answer;
      const [, ...args] = JSON.parse(/CMD (\[.*\])/.exec(valuesOf('HEALTHCHECK')[0] ?? '')![1]!) as string[];
      const port = String((server.address() as AddressInfo).port);
      expect(await runNode(args, { env: { PORT: port } })).toEqual({ code, out: '', err: '' });
    });
  });
});
