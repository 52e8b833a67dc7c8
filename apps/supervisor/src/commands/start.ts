import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgres } from '#platform';
import type { CommandContext } from '../command-context.js';
import { Child } from '../child.js';
import { DataDirLock } from '../data-dir-lock.js';
import { bringUpToDate, configuredUrls } from '../database-urls.js';
import { endLeftBehind } from '../left-behind.js';
import { claimablePort } from '../ports.js';
import { localUrl, readyText } from '../ready-line.js';
import { say } from '../say.js';
import { StopSignal } from '../stop-signal.js';

/** The gateway drains for up to 30 s by itself. */
const GATEWAY_STOP_LIMIT_MS = 35_000;
const DEMO_CRM_STOP_LIMIT_MS = 5_000;
const DEMO_CRM_HOST = '127.0.0.1';

/**
 * `npm start`: embedded Postgres (unless DATABASE_URL), migrations and rights, demo CRM, gateway, one ready line; then it keeps them running.
 * They stop in the other order, each only when the one before it has ended: the gateway drains into the database and the demo CRM, so both
 * outlive it. A second signal ends everything at once.
 */
export async function start({ settings, projectRoot }: CommandContext): Promise<void> {
  const { dataDir } = settings.files;
  const lock = await DataDirLock.take(dataDir);
  // The data dir holds keys and leads; what we and our children make is for this user only.
  process.umask(0o077);
  const stop = new StopSignal();
  const stack = new AsyncStack();
  stack.defer(async () => lock.release());
  try {
    await endLeftBehind(lock.leftBehind);
    const port = await claimablePort(settings.http.host, settings.http.port, 'PORT', 'the gateway');
    const crmPort = settings.demo.enabled
      ? await claimablePort(DEMO_CRM_HOST, settings.demo.crmPort, 'DEMO_CRM_PORT', 'the demo CRM')
      : null;

    let urls = configuredUrls(settings);
    if (!urls) {
      say('starting Postgres');
      const server = await EmbeddedPostgres.start({ dataDir, projectRoot, report: say });
      stack.defer(() => server.stop(stop.isUrgent ? 'immediate' : 'fast'));
      server.keepRunning(say);
      urls = server.urls;
    }
    await bringUpToDate(settings, urls, projectRoot);

    const env: NodeJS.ProcessEnv = { ...process.env, LEADGATE_DATA_DIR: dataDir, DATABASE_URL: urls.app };
    // The owner's password is for migrating; a process that reads what strangers send does not get it.
    delete env['MIGRATE_DATABASE_URL'];
    const child = (name: string, app: string, added: NodeJS.ProcessEnv, stopLimitMs: number) => {
      const script = join(projectRoot, 'dist', 'apps', app, 'src', 'main.js');
      const started = new Child({
        ...{ name, script, cwd: projectRoot, env: { ...env, ...added }, stopLimitMs },
        onStart: (identity) => lock.noteChild(identity),
        onRefusal: () => stop.fail(`the ${name} did not start; it says why above`),
      });
      stack.defer(async () => (stop.isUrgent ? started.kill() : started.stop()));
      stop.onUrgent(() => started.kill());
      started.start();
      return started;
    };

    const crmUrl = crmPort === null ? null : localUrl(DEMO_CRM_HOST, crmPort);
    const demoCrm = crmPort === null ? null : child('demo CRM', 'demo-crm', { DEMO_CRM_PORT: String(crmPort) }, DEMO_CRM_STOP_LIMIT_MS);
    const toDemoCrm = crmUrl !== null && !env['CUSTOMER_API_URL'] ? { CUSTOMER_API_URL: `${crmUrl}/leads` } : {};
    const gateway = child('gateway', 'gateway', { HOST: settings.http.host, PORT: String(port), ...toDemoCrm }, GATEWAY_STOP_LIMIT_MS);

    const gatewayUrl = localUrl(settings.http.host, port);
    if (await becomesReady(`${gatewayUrl}/health/ready`, stop)) {
      gateway.settled();
      demoCrm?.settled();
      process.stdout.write(readyText(gatewayUrl, crmUrl));
    }
    await stop.asked;
    if (!stop.failed) say('stopping');
  } finally {
    lock.noteStopping();
    await stack.unwind();
    stop.release();
  }
  if (stop.failed) process.exitCode = 1;
}

const PATIENCE_MS = 30_000;

/** Polls until the gateway answers 200; says what is in the way when that takes long. false when a stop was asked for meanwhile. */
async function becomesReady(url: string, stop: StopSignal): Promise<boolean> {
  let remindAt = performance.now() + PATIENCE_MS;
  while (!stop.isAsked) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      async (response) => ({ ok: response.status === 200, text: `${response.status} ${await response.text()}` }),
      (error: unknown) => ({ ok: false, text: String(error instanceof Error ? (error.cause ?? error.message) : error) }),
    );
    if (answer.ok) return true;
    if (performance.now() > remindAt) {
      say(`the gateway is not ready yet: ${answer.text.slice(0, 500)}`);
      remindAt += PATIENCE_MS;
    }
    await Promise.race([sleep(100), stop.asked]);
  }
  return false;
}

/** What has to be undone, last first; every step runs even when one before it failed. */
class AsyncStack {
  readonly #steps: (() => Promise<void>)[] = [];

  defer(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  async unwind(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
    }
  }
}
