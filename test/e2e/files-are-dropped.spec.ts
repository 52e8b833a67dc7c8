import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { aTenantFile } from '../../libs/platform/src/config/testing/a-tenant-file.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEADS = 25;

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeDataDir>>;
let gateway: GatewayProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeDataDir();
  const [crm] = aTenantFile()['destinations'] as JsonObject[];
  const { url: _url, ...rest } = crm as JsonObject;
  const file = { ...rest, kind: 'file', answers: 'standard', authentication: { kind: 'none' }, options: { format: 'csv', max_rows: '10' } };
  mkdirSync(join(folder.path, 'config'));
  writeFileSync(join(folder.path, 'config', 'acme.json'), JSON.stringify(aTenantFile({ destinations: [file] })));
  gateway = await startGateway({
    databaseUrl: database.url,
    dataDir: folder.path,
    env: { LEADGATE_CONFIG: join(folder.path, 'config') },
  });
});
afterAll(async () => {
  await gateway.kill('SIGKILL');
  await database.drop();
  await folder.remove();
});

it('brings leads into files of the data directory, each once, and gives every file its name when the process ends', async () => {
  const emails = Array.from({ length: LEADS }, (_, n) => `person-${n}@example.com`);
  for (const email of emails)
    await eventually('the door takes the lead', async () => {
      const answer = await gateway.post('/in/acme', { email, zip: '66123' });
      return answer.ok ? true : undefined;
    });
  await eventually('every lead is delivered', async () => {
    const { delivered } = await gateway.read<{ delivered: number }>('/stats/leads/counts');
    return delivered === LEADS ? true : undefined;
  });
  expect((await gateway.kill('SIGTERM')).code).toBe(0);
  const drop = join(folder.path, 'drop', 'acme', 'crm');
  const files = readdirSync(drop).filter((name) => !name.startsWith('.'));
  expect(files.every((name) => /^crm_\d{8}T\d{6}Z_[0-9a-f]{10}\.csv$/.test(name))).toBe(true);
  const rows = files.flatMap((name) => readFileSync(join(drop, name), 'utf8').split('\r\n').slice(1, -1));
  expect(rows.map((row) => row.split(',')[1]).sort()).toEqual(emails.sort());
});
