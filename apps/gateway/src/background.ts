import type { INestApplicationContext } from '@nestjs/common';
import { FollowedApiKeys } from '#access';
import { AuditChainer } from '#audit';
import { ClaimAccelerators } from '#dedup';
import { DeliverLeads, FileDrops, ReclaimExpiredLeases, TendServices } from '#delivery';
import { FollowedKeyRings } from '#keys';
import { WatchLedger } from '#ledger';
import { TellOperators, WatchGateway } from '#operator-events';
import { CheckAgain, PassOnClaims, ProcessLeads, ReleaseHeldLeads, ReopenTenants, RewriteBlindIndexes } from '#pipeline';
import {
  ConfigStore,
  DueWork,
  LOGGER,
  type Logger,
  Periodic,
  type PeriodicTask,
  Pools,
  QUEUE_BACKEND,
  type QueueBackend,
  Relay,
  type Settings,
} from '#platform';
import { RunReplays } from '#replay';
import { SweepExpired } from '#retention';
import { RunWhatIfs } from '#what-if';
import { QueueHost } from './queue-host.js';
import { type Consumer, PROCESSORS } from './queue.module.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** What runs behind the doors of this process, by role. */
export class Background {
  readonly queue: QueueHost;
  private readonly relay: Relay;
  private readonly config: ConfigStore;
  private readonly keys: FollowedApiKeys;
  private readonly identityKeys: FollowedKeyRings;
  private readonly chainer: AuditChainer;
  private readonly periodic: Periodic;
  private quieted = false;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly settings: Settings,
  ) {
    const logger = app.get<Logger>(LOGGER);
    this.relay = app.get(Relay);
    this.config = app.get(ConfigStore);
    this.keys = app.get(FollowedApiKeys);
    this.identityKeys = app.get(FollowedKeyRings);
    this.chainer = app.get(AuditChainer);
    const tasks = [
      ...(this.has('relay') ? this.relayTasks() : []),
      ...(this.has('pipeline') ? this.pipelineTasks() : []),
      ...(this.has('delivery') ? this.deliveryTasks() : []),
    ];
    this.periodic = new Periodic(tasks, logger);
    const parts = { consumers: this.consumers(), processLeads: app.get(ProcessLeads), deliverLeads: app.get(DeliverLeads) };
    this.queue = new QueueHost(app.get<QueueBackend>(QUEUE_BACKEND), parts, this.relay, logger, new DueWork(app.get(Pools).relay));
  }

  /** Call once Postgres answers. What `quiet` came before is not begun any more. */
  async start(): Promise<void> {
    // The keys first: a source that is known would refuse its senders' keys while they are not.
    await this.keys.start();
    // And a lead that is taken before the duplicate check has its key would go on unchecked.
    await this.identityKeys.start();
    await this.config.start();
    if (this.quieted) return;
    this.queue.start();
    this.relay.startPolling({ takesDue: this.has('relay'), lanes: this.has('delivery') ? this.app.get(DeliverLeads) : undefined });
    this.periodic.start();
    this.app.get(ClaimAccelerators, { strict: false }).start();
    if (this.has('relay')) this.chainer.start();
  }

  /** Nothing new is begun: no rings, no rounds, no jobs. What is in hand goes on. */
  async quiet(): Promise<void> {
    this.quieted = true;
    this.app.get(SweepExpired).stop();
    await Promise.all([this.relay.stop(), this.periodic.stop(), this.queue.pause()]);
  }

  async stop(): Promise<void> {
    await this.queue.close();
    await Promise.all([
      this.chainer.stop(),
      this.config.stop(),
      this.keys.stop(),
      this.identityKeys.stop(),
      this.app.get(ClaimAccelerators, { strict: false }).stop(),
      this.app.get<QueueBackend>(QUEUE_BACKEND).close(),
    ]);
  }

  private has(role: Settings['roles'][number]): boolean {
    return this.settings.roles.includes(role);
  }

  private consumers(): Consumer[] {
    const { concurrency } = this.settings;
    return (['pipeline', 'delivery'] as const)
      .filter((role) => this.has(role))
      .map((role) => ({ processor: PROCESSORS[role], concurrency: concurrency[role] }));
  }

  private pipelineTasks(): PeriodicTask[] {
    return [{ name: 'reopen_tenants', everyMs: SECOND, run: () => this.app.get(ReopenTenants).runOnce() }];
  }

  private deliveryTasks(): PeriodicTask[] {
    return [{ name: 'file_drops', everyMs: 5 * SECOND, run: () => this.app.get(FileDrops).round() }];
  }

  private relayTasks(): PeriodicTask[] {
    const { app } = this;
    return [
      { name: 'reclaim_expired_leases', everyMs: SECOND, run: () => app.get(ReclaimExpiredLeases).runOnce() },
      { name: 'tend_services', everyMs: SECOND, run: () => app.get(TendServices).runOnce() },
      { name: 'release_held_leads', everyMs: SECOND, run: () => app.get(ReleaseHeldLeads).runOnce() },
      { name: 'check_again', everyMs: SECOND, run: () => app.get(CheckAgain).runOnce() },
      { name: 'pass_on_claims', everyMs: SECOND, run: () => app.get(PassOnClaims).runOnce() },
      { name: 'run_replays', everyMs: SECOND / 4, run: () => app.get(RunReplays, { strict: false }).runOnce() },
      { name: 'rewrite_blind_indexes', everyMs: SECOND, run: () => app.get(RewriteBlindIndexes).runOnce() },
      { name: 'watch_gateway', everyMs: 5 * SECOND, run: () => app.get(WatchGateway).runOnce() },
      { name: 'watch_ledger', everyMs: 10 * SECOND, run: () => app.get(WatchLedger).runOnce() },
      { name: 'tell_operators', everyMs: SECOND, run: () => app.get(TellOperators).runOnce() },
      { name: 'run_what_ifs', everyMs: SECOND, run: () => app.get(RunWhatIfs).runOnce() },
      { name: 'sweep', everyMs: HOUR, run: () => app.get(SweepExpired).run() },
    ];
  }
}
