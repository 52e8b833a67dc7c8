import { Redis } from 'ioredis';
import { type CacheRedis, startCacheRedis } from '../support/cache-redis.js';
import { eventually } from '../support/eventually.js';
import { makeDataDir } from '../support/gateway-process.js';
import { hasTestRedis } from '../support/test-redis.js';
import { FaultProxy } from './support/fault-proxy.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { LeadSender } from './support/lead-sender.js';
import { judge } from './support/oracle.js';

const OLD_LEADS = 40;
/** What was rung and is lost is rung again after a minute; as much again for the backlog would be little for a slow machine. */
const SETTLE_SECONDS = 300;
const WAITING = ['leadgate:process:wait', 'leadgate:deliver:wait'];
const SERVER = { maxmemory: '0', 'maxmemory-policy': 'noeviction', 'repl-diskless-sync-delay': '0', 'repl-diskless-load': 'on-empty-db' };

/**
 * A Redis and its replica, which gets what the other one writes over a wire of its own. Gateways know one address; behind it stands the one
 * server, and after the failover the other.
 */
(hasTestRedis ? describe : describe.skip)('the queue falls over to a replica', () => {
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let master: CacheRedis;
  let replica: CacheRedis;
  let replication: FaultProxy;
  let address: FaultProxy;
  let toMaster: Redis;
  let toReplica: Redis;
  let world: FaultWorld;
  let door: GatewaySlot;
  let worker: GatewaySlot;

  beforeAll(async () => {
    folder = await makeDataDir();
    master = await startCacheRedis({ ...SERVER, dir: folder.path });
    replication = await FaultProxy.start(master.url);
    replica = await startCacheRedis({ ...SERVER, dir: folder.path, replicaof: `127.0.0.1 ${replication.port}` });
    toMaster = new Redis(master.url);
    toReplica = new Redis(replica.url);
    for (const client of [toMaster, toReplica])
      client.on('error', () => {
        // The one is killed.
      });
    await eventually('the replica follows', async () => ((await told(toReplica, 'master_link_status')) === 'up' ? true : undefined));
    address = await FaultProxy.start(master.url);
    world = await FaultWorld.open({ redisUrl: address.before(master.url) });
    [door, worker] = [world.slot({ LEADGATE_ROLES: 'api' }), world.slot({ LEADGATE_ROLES: 'pipeline,delivery,relay' })];
    await door.start();
    await door.connectedToQueue();
  });
  afterAll(async () => {
    await world?.close();
    toMaster?.disconnect();
    toReplica?.disconnect();
    for (const wire of [address, replication]) await wire?.close();
    for (const redis of [master, replica]) await redis?.stop();
    await folder?.remove();
  });

  const told = async (client: Redis, name: string): Promise<string | undefined> =>
    new RegExp(`^${name}:(\\S+)`, 'm').exec(await client.info('replication'))?.[1];
  const waiting = async (client: Redis): Promise<number> =>
    (await Promise.all(WAITING.map((list) => client.llen(list)))).reduce((sum, jobs) => sum + jobs, 0);

  it('F40: under load, to one that lags: old jobs come back, new ones are gone, and every lead is there once', async () => {
    // Rung while nobody works: these jobs reach the replica, and that they are done does not.
    const old = await Promise.all(Array.from({ length: OLD_LEADS }, (_none, n) => acceptLead(door.url, n + 1)));
    await eventually('they are rung', async () => ((await waiting(toMaster)) > 0 ? true : undefined));
    await eventually('the replica has all of their jobs', async () =>
      (await waiting(toReplica)) === (await waiting(toMaster)) ? true : undefined,
    );
    replication.add({ type: 'timeout', ms: 0 });
    await worker.start();
    await world.until('the old leads are delivered', `select from leads where status = 'DELIVERED' having count(*) = $1`, [OLD_LEADS]);

    const sender = new LeadSender({ urls: () => [door.url], perSecond: 100, firstNumber: 100_000 });
    sender.start();
    await sender.after(100);
    expect(Number(await told(toMaster, 'master_repl_offset'))).toBeGreaterThan(Number(await told(toReplica, 'slave_repl_offset')));
    await master.stop();
    replication.down = true;
    await sender.after(50);
    await toReplica.replicaof('NO', 'ONE');
    expect(await waiting(toReplica)).toBeGreaterThan(0);
    address.leadTo(replica.url);
    await sender.after(100);
    await sender.stop();
    expect(sender.broken).toEqual([]);

    await world.settled(SETTLE_SECONDS);
    const acknowledged = [...old, ...sender.acknowledged.values()];
    expect(await judge(world, { acknowledged, redisUrl: replica.url })).toEqual([]);
    // No call was in doubt, so nothing was sent twice: a lost queue is not a lost answer.
    expect(await world.crm.requests()).toHaveLength(acknowledged.length);
  }, 900_000);
});
