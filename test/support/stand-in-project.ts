import { chmodSync, cpSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface StandInProject {
  readonly folder: string;
  readonly dataDir: string;
  /** What the stand-ins noted since the last call, in order. */
  takeNotes(): string[];
  remove(): void;
}

/** Appends one line to notes.txt in the data dir. */
const NOTE = `
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
const note = (line) => appendFileSync(join(process.env.LEADGATE_DATA_DIR, 'notes.txt'), line + '\\n');
`;

/**
 * Takes its time to drain (GATEWAY_DRAIN_SECONDS), and needs the database and the demo CRM until the end. GATEWAY_REFUSES makes it fail at its own
 * boot.
 */
const GATEWAY = `${NOTE}
import { createServer } from 'node:http';
import pg from 'pg';
if (process.env.GATEWAY_REFUSES) { console.error('the gateway says why'); process.exit(1); }
const server = createServer((request, response) => { response.statusCode = request.url === '/health/ready' ? 200 : 404; response.end('{}'); });
server.listen(Number(process.env.PORT), process.env.HOST, () => note('gateway up ' + process.pid));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, async () => {
  note('gateway gets ' + signal);
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query('SELECT current_user AS role, pg_sleep($1)', [process.env.GATEWAY_DRAIN_SECONDS ?? 0.3]);
  const crm = process.env.CUSTOMER_API_URL ? (await fetch(process.env.CUSTOMER_API_URL)).status : 'none';
  note('gateway drained as ' + rows[0].role + ', owner url: ' + (process.env.MIGRATE_DATABASE_URL ?? 'none') + ', CRM: ' + crm);
  process.exit(0);
});
`;

const DEMO_CRM = `${NOTE}
import { createServer } from 'node:http';
createServer((request, response) => response.end('{}')).listen(Number(process.env.DEMO_CRM_PORT), '127.0.0.1', () => note('CRM up ' + process.pid));
process.on('SIGTERM', () => { note('CRM gets SIGTERM'); process.exit(0); });
`;

/** The built supervisor in a folder of its own, with a gateway and a demo CRM that only show what the supervisor does with them. */
export function makeStandInProject(): StandInProject {
  const root = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'leadgate-stand-in-'));
  // As a clone in a folder that everybody may enter; then all of it is in here, whoever runs it.
  chmodSync(folder, 0o755);
  const dataDir = join(folder, '.leadgate');
  for (const link of ['node_modules', 'prisma']) symlinkSync(join(root, link), join(folder, link));
  for (const file of ['package.json', 'prisma.config.ts']) copyFileSync(join(root, file), join(folder, file));
  for (const part of ['libs', 'apps/supervisor']) cpSync(join(root, 'dist', part), join(folder, 'dist', part), { recursive: true });
  for (const [app, code] of [
    ['gateway', GATEWAY],
    ['demo-crm', DEMO_CRM],
  ] as const) {
    mkdirSync(join(folder, 'dist', 'apps', app, 'src'), { recursive: true });
    writeFileSync(join(folder, 'dist', 'apps', app, 'src', 'main.js'), code);
  }
  let read = 0;
  return {
    folder,
    dataDir,
    takeNotes: () => {
      const lines = readFileSync(join(dataDir, 'notes.txt'), 'utf8').trimEnd().split('\n');
      const fresh = lines.slice(read);
      read = lines.length;
      return fresh;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
