import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FAULT_MODES } from './fault-modes.js';
import { transpileFolder } from '../../../test/support/transpile-folder.js';

describe('the demo CRM as a process', () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'demo-crm-process-'));
    transpileFolder(__dirname, join(folder, 'app'));
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const run = (env: NodeJS.ProcessEnv, ipc = false, ...given: string[]): ChildProcess => {
    const child = spawn(process.execPath, [join(folder, 'app', 'main.js'), ...given], {
      cwd: folder,
      env: { PATH: process.env['PATH'], DEMO_CRM_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    });
    children.push(child);
    return child;
  };
  const lines = async (child: ChildProcess, count: number): Promise<{ url: string; msg: string; [fact: string]: unknown }[]> => {
    const read: { url: string; msg: string }[] = [];
    if (child.stdout === null) throw new Error('stdout is piped');
    for await (const line of createInterface(child.stdout)) {
      if (read.push(JSON.parse(line) as { url: string; msg: string }) === count) return read;
    }
    throw new Error('the process ended before it printed all lines');
  };
  const ready = async (child: ChildProcess): Promise<string> => (await lines(child, 1))[0]?.url ?? '';
  const ended = async (child: ChildProcess): Promise<{ code: number | null; stderr: string }> => {
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stderr };
  };
  const post = (url: string, n: number): Promise<Response> =>
    fetch(`${url}/leads`, {
      method: 'POST',
      headers: { authorization: 'Bearer other-token', 'idempotency-key': `k-${n}` },
      body: JSON.stringify({ phone: `${n}`, product: { name: 'Solaranlagen' } }),
    });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with code 0 on %s', async (signal) => {
    const child = run({});
    expect(await ready(child)).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const end = ended(child);
    child.kill(signal);
    expect(await end).toEqual({ code: 0, stderr: '' });
  });

  it('explains every mode with --help, and starts nothing', async () => {
    const child = run({}, false, '--help');
    let help = '';
    child.stdout?.on('data', (chunk: Buffer) => (help += chunk.toString()));
    expect(await ended(child)).toEqual({ code: 0, stderr: '' });
    expect(FAULT_MODES.filter((mode) => !help.includes(`\n  ${mode} `))).toEqual([]);
  });

  it('goes with the process that started it', async () => {
    const child = run({}, true);
    await ready(child);
    const exit = once(child, 'exit');
    child.disconnect();
    expect(await exit).toEqual([0, null]);
  });

  it('has every acknowledged lead after kill -9 under load, and cuts off a torn line', async () => {
    const data = { LEADGATE_DATA_DIR: join(folder, 'killed'), DEMO_CRM_TOKEN: 'other-token' };
    const first = run(data);
    const url = await ready(first);
    const acknowledged: string[] = [];
    const sender = async (from: number): Promise<void> => {
      for (let n = from; ; n += 8) {
        const { id } = (await (await post(url, n)).json()) as { id: string };
        acknowledged.push(id);
        if (acknowledged.length === 400) first.kill('SIGKILL');
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, (_, from) => sender(from)));
    expect(acknowledged.length).toBeGreaterThanOrEqual(400);

    const file = join(folder, 'killed', 'demo-crm.ndjson');
    appendFileSync(file, '{"at":');
    const second = run(data);
    const [torn, listening] = await lines(second, 2);
    expect(torn).toMatchObject({ level: 'warn', bytes: 6 });
    const leads = (await (await fetch(`${listening?.url}/_leads`)).json()) as { id: string; key: string }[];
    const ids = new Set(leads.map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect(new Set(leads.map(({ key }) => key)).size).toBe(leads.length);
    expect(readFileSync(file, 'utf8').endsWith('}\n')).toBe(true);
    second.kill('SIGKILL');
  });

  it('says which port is taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await ended(run({ DEMO_CRM_PORT: String(port) }));
    expect(code).toBe(1);
    expect(stderr).toBe(
      `Port ${port} on 127.0.0.1 is taken, so the demo CRM cannot start: stop the program that holds it, or set DEMO_CRM_PORT to a free port.\n`,
    );
    server.close();
  });

  it('says that the port is no port', async () => {
    expect(await ended(run({ DEMO_CRM_PORT: '39OO' }))).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^DEMO_CRM_PORT is not a port number.*\n$/),
    });
  });

  it('says that the data folder is a file', async () => {
    const path = join(folder, 'a-file');
    writeFileSync(path, '');
    const { code, stderr } = await ended(run({ LEADGATE_DATA_DIR: path }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The demo CRM cannot open .*\n$/);
  });
});
