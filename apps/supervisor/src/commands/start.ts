import { join } from 'node:path';
import { EmbeddedPostgres } from '#platform';
import type { CommandContext } from '../command-context.js';
import { becomesReady } from '../becomes-ready.js';
import { Child } from '../child.js';
import { DataDirLock } from '../data-dir-lock.js';
import { bringUpToDate, configuredUrls, type DatabaseUrls } from '../database-urls.js';
import { DEMO_CRM_HOST, demoCrmEnv, towardsDemoCrm } from '../demo-crm.js';
import { endLeftBehind } from '../left-behind.js';
import { claimablePort } from '../ports.js';
import { localUrl, readyText } from '../ready-line.js';
import { say } from '../say.js';
import { StopSignal } from '../stop-signal.js';
import { UndoStack } from '../undo-stack.js';

/** The gateway drains for up to 30 s by itself. */
const GATEWAY_STOP_LIMIT_MS = 35_000;
const DEMO_CRM_STOP_LIMIT_MS = 5_000;
/**
 * `npm start`: embedded Postgres (unless DATABASE_URL), migrations and rights, demo CRM, gateway, one ready line; then it keeps them running.
 * They stop in the other order, each only when the one before it has ended: the gateway drains into the database and the demo CRM, so both
 * outlive it. A second signal ends everything at once.
 */
export async function start(context: CommandContext): Promise<void> {
  const lock = await DataDirLock.take(context.settings.files.dataDir);
  // The data dir holds keys and leads; what we and our children make is for this user only.
  process.umask(0o077);
  const stop = new StopSignal(context.parentPid);
  const undo = new UndoStack();
  undo.defer(async () => lock.release());
  try {
    await endLeftBehind(lock.leftBehind);
    const ports = await claimPorts(context);
    const urls = await startDatabase(context, stop, undo);
    if (!stop.isAsked) await startApps(context, urls, ports, { lock, stop, undo });
    await stop.asked;
    if (!stop.failed) say('stopping');
  } finally {
    lock.noteStopping();
    await undo.unwind();
    stop.release();
  }
  if (stop.failed) process.exitCode = 1;
}

interface Ports {
  readonly gateway: number;
  /** null: without the demo CRM. */
  readonly demoCrm: number | null;
}

async function claimPorts({ settings: { http, demo } }: CommandContext): Promise<Ports> {
  return {
    gateway: await claimablePort(http.host, http.port, 'PORT', 'the gateway'),
    demoCrm: demo.enabled ? await claimablePort(DEMO_CRM_HOST, demo.crmPort, 'DEMO_CRM_PORT', 'the demo CRM') : null,
  };
}

async function startDatabase({ settings, projectRoot }: CommandContext, stop: StopSignal, undo: UndoStack): Promise<DatabaseUrls> {
  let urls = configuredUrls(settings);
  if (!urls) {
    say('starting Postgres');
    const server = await EmbeddedPostgres.start({ dataDir: settings.files.dataDir, projectRoot, report: say });
    undo.defer(() => server.stop(stop.isUrgent ? 'immediate' : 'fast'));
    server.keepRunning(say);
    urls = server.urls;
  }
  await bringUpToDate(settings, urls, projectRoot);
  return urls;
}

interface Supervision {
  readonly lock: DataDirLock;
  readonly stop: StopSignal;
  readonly undo: UndoStack;
}

async function startApps(
  { settings, projectRoot }: CommandContext,
  urls: DatabaseUrls,
  ports: Ports,
  { lock, stop, undo }: Supervision,
): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, LEADGATE_DATA_DIR: settings.files.dataDir, DATABASE_URL: urls.app };
  // The owner's password is for migrating; a process that reads what strangers send does not get it.
  delete env['MIGRATE_DATABASE_URL'];

  const child = (name: string, app: string, added: NodeJS.ProcessEnv, stopLimitMs: number): Child => {
    const started = new Child({
      name,
      script: join(projectRoot, 'dist', 'apps', app, 'src', 'main.js'),
      cwd: projectRoot,
      env: { ...env, ...added },
      stopLimitMs,
      onStart: (identity) => lock.noteChild(identity),
      onRefusal: () => stop.fail(`the ${name} did not start; it says why above`),
    });
    undo.defer(async () => (stop.isUrgent ? started.kill() : started.stop()));
    stop.onUrgent(() => started.kill());
    started.start();
    return started;
  };

  const crmUrl = ports.demoCrm === null ? null : localUrl(DEMO_CRM_HOST, ports.demoCrm);
  const demoCrm = ports.demoCrm === null ? null : child('demo CRM', 'demo-crm', demoCrmEnv(ports.demoCrm, env), DEMO_CRM_STOP_LIMIT_MS);
  const gatewayEnv = { HOST: settings.http.host, PORT: String(ports.gateway), ...towardsDemoCrm(ports.demoCrm, env) };
  const gateway = child('gateway', 'gateway', gatewayEnv, GATEWAY_STOP_LIMIT_MS);

  const gatewayUrl = localUrl(settings.http.host, ports.gateway);
  if (!(await becomesReady(`${gatewayUrl}/health/ready`, stop))) return;
  gateway.settled();
  demoCrm?.settled();
  process.stdout.write(readyText(gatewayUrl, crmUrl));
}
