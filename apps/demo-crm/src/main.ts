/** Starts the demo CRM as a process of its own. Prints one JSON line when it listens; every other line is a warning. `--help` says more. */
import { join, resolve } from 'node:path';
import { renderHelp } from './help.js';
import { DemoCrmStartError, startDemoCrm, type DemoCrm } from './demo-crm.js';

const { env } = process;

if (process.argv.includes('--help') || process.argv.includes('-h')) process.stdout.write(renderHelp());
else await start();

async function start(): Promise<void> {
  try {
    const crm = await startDemoCrm({
      port: readPort(env['DEMO_CRM_PORT'] || '3900'),
      host: env['HOST'] || '127.0.0.1',
      dataFile: resolve(join(env['LEADGATE_DATA_DIR'] || '.leadgate', 'demo-crm.ndjson')),
      token: env['DEMO_CRM_TOKEN'] || 'demo-token',
      log: (entry) => process.stdout.write(`${JSON.stringify(entry)}\n`),
    });
    // Before it says that it listens: whoever reads that may send a signal at once.
    closeOnSignals(crm);
    process.stdout.write(`${JSON.stringify({ level: 'info', msg: 'demo CRM listening', url: crm.url, pid: process.pid })}\n`);
  } catch (cause) {
    process.stderr.write(cause instanceof DemoCrmStartError ? `${cause.message}\n` : `The demo CRM could not start: ${String(cause)}\n`);
    process.exitCode = 1;
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new DemoCrmStartError('DEMO_CRM_PORT is not a port number: set it to a whole number from 1 to 65535 (0 takes a free port).');
}

/** A supervisor that starts it with an IPC channel takes it along when it dies, so no orphan keeps the port. */
function closeOnSignals(crm: DemoCrm): void {
  let closing: Promise<void> | undefined;
  const close = (): void => {
    closing ??= crm.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  process.once('disconnect', close);
}
