import { setTimeout as pause } from 'node:timers/promises';
import { type CacheRedis, startCacheRedis } from '../../support/cache-redis.js';
import { LIMIT_SECONDS } from '../../support/eventually.js';
import { AcknowledgedLedger } from './acknowledged-ledger.js';
import { FaultProxy } from './fault-proxy.js';
import { FaultWorld } from './fault-world.js';
import type { GatewaySlot } from './gateway-slot.js';
import { LeadSender } from './lead-sender.js';
import { PrivatePostgres } from './private-postgres.js';

export interface ArenaOptions {
  readonly backend: 'redis' | 'postgres';
  readonly perSecond: number;
  readonly retryBaseSeconds: number;
  /** Where acknowledgements are written down. */
  readonly acknowledgedFile?: string;
}

/** A call that is under way is not taken for lost more often than this. */
const SETTLE_ROUND_SECONDS = 5;
const WATCH_MS = 50;

/**
 * Two gateways, their Postgres, their Redis and the demo CRM, all of a run's own, with proxies on the wires and a sender that does not give up.
 * A gateway that dies is started again, as a supervisor would.
 */
export class Arena {
  /** Gateways somebody else starts again. */
  readonly held = new Set<GatewaySlot>();
  restarts = 0;
  private watching: Promise<void> | undefined;
  private over = false;

  private constructor(
    readonly options: ArenaOptions,
    readonly postgres: PrivatePostgres,
    readonly postgresWire: FaultProxy,
    readonly redis: CacheRedis | undefined,
    readonly redisWire: FaultProxy | undefined,
    readonly crmWire: FaultProxy,
    readonly world: FaultWorld,
    readonly gateways: readonly [GatewaySlot, GatewaySlot],
    readonly sender: LeadSender,
    private readonly ledger: AcknowledgedLedger | undefined,
  ) {}

  static async open(options: ArenaOptions): Promise<Arena> {
    const postgres = await PrivatePostgres.start();
    const { url, ownerUrl, drop } = postgres.database;
    const postgresWire = await FaultProxy.start(url);
    const redis = options.backend === 'redis' ? await startCacheRedis({ maxmemory: '0', 'maxmemory-policy': 'noeviction' }) : undefined;
    const redisWire = redis === undefined ? undefined : await FaultProxy.start(redis.url);
    const world = await FaultWorld.open({
      redisUrl: redis === undefined ? undefined : redisWire?.before(redis.url),
      database: { url: postgresWire.before(url), ownerUrl, drop },
    });
    const crmWire = await FaultProxy.start(world.crm.url);
    const env = {
      CUSTOMER_API_URL: crmWire.before(`${world.crm.url}/leads`),
      LEADGATE_RETRY_BASE_SECONDS: String(options.retryBaseSeconds),
    };
    const gateways = [world.slot(env), world.slot(env)] as const;
    const ledger = options.acknowledgedFile === undefined ? undefined : new AcknowledgedLedger(options.acknowledgedFile);
    const sender = new LeadSender({
      ledger,
      perSecond: options.perSecond,
      urls: () => gateways.filter(({ alive }) => alive).map((gateway) => gateway.url),
    });
    return new Arena(options, postgres, postgresWire, redis, redisWire, crmWire, world, gateways, sender, ledger);
  }

  /** Ids of leads that were answered 2xx. */
  acknowledged(): string[] {
    return this.ledger?.leadIds() ?? [...this.sender.acknowledged.values()];
  }

  async start(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.start()));
    this.sender.start();
    this.watching = this.watch();
  }

  /** Everything is well again: nothing is frozen, cut, slow or dead. */
  async heal(): Promise<void> {
    this.postgres.thaw();
    this.redis?.thaw();
    for (const wire of [this.postgresWire, this.redisWire, this.crmWire]) wire?.heal();
    await this.world.crm.mode({ mode: 'ok' });
    for (const gateway of this.gateways) if (gateway.alive) gateway.thaw();
    this.held.clear();
    await Promise.all(this.gateways.map((gateway) => gateway.ready()));
  }

  /** Until every lead is at its end. Leases and rings of processes that died are made to run out; those of living ones lose nothing by it. */
  async settled(limitSeconds = LIMIT_SECONDS): Promise<void> {
    const until = performance.now() + limitSeconds * 1000;
    for (;;) {
      await this.world.timePasses();
      const rested = await this.world.settled(SETTLE_ROUND_SECONDS).then(
        () => true,
        (error: Error) => (performance.now() > until ? Promise.reject(error) : false),
      );
      if (rested) return;
    }
  }

  async close(): Promise<void> {
    this.over = true;
    await this.sender.abandon();
    await this.ledger?.close();
    await this.watching;
    for (const wire of [this.postgresWire, this.redisWire, this.crmWire]) await wire?.close();
    await this.world.close();
    this.redis?.thaw();
    await this.redis?.stop();
  }

  private async watch(): Promise<void> {
    while (!this.over) {
      for (const gateway of this.gateways) {
        if (gateway.alive || this.held.has(gateway)) continue;
        this.restarts += 1;
        // One that dies again over a failpoint of an earlier life is started once more in the next round.
        await gateway.start({ unready: true }).catch(() => {});
      }
      await pause(WATCH_MS);
    }
  }
}
