import { createListenedBackend, QUEUE_SCHEMA } from '#platform';
import { Redis } from 'ioredis';
import { type CacheRedis, startCacheRedis } from '../support/cache-redis.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase } from '../support/test-database.js';
import { hasTestRedis } from '../support/test-redis.js';
import { FaultProxy } from './support/fault-proxy.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { judge } from './support/oracle.js';
import type { Look } from './support/pipe.js';

/** Every lead's way has one of its jobs; what the process that decided it also delivers has no other. */
const JOBS = 'leadgate:process';
/** BullMQ's scripts are called by their hash; the one that completes a job is the only one with 14 keys. */
const COMPLETES = /evalsha\r\n\$40\r\n[0-9a-f]{40}\r\n\$2\r\n14\r\n/i;
/** In the answer that hands a job to a worker, and in no other. */
const HANDED_OVER = 'process_leads.v1';
/** A worker that waits asks anew every 5 s; a ring that is lost counts as lost after 60 s. */
const NEXT_JOB_SECONDS = 5;
const LOST_RING_SECONDS = 60;
const ROUNDS = 3;

/** Cuts the connection over which a job is completed, once each time it is told to. */
class CompletionCut {
  cuts = 0;
  private wanted: 'the request' | 'the answer' | undefined;
  private completing = 0;
  /** Done at the moment of the cut, before anything else happens on the wire. */
  onCut: () => void = () => {};

  cutOnce(what: 'the request' | 'the answer', onCut: () => void = () => {}): void {
    this.wanted = what;
    this.onCut = onCut;
  }

  readonly look: Look = (direction, bytes, connectionNo) => {
    if (this.wanted === undefined) return 'pass';
    if (direction === 'upstream' && COMPLETES.test(bytes.toString('latin1')) && bytes.includes(`${JOBS}:`)) {
      if (this.wanted === 'the request') return this.cut();
      this.completing = connectionNo;
    } else if (direction === 'downstream' && connectionNo === this.completing) return this.cut();
    return 'pass';
  };

  private cut(): 'cut' {
    this.wanted = undefined;
    this.completing = 0;
    this.cuts += 1;
    setImmediate(this.onCut);
    return 'cut';
  }
}

/** Cuts the connection over which a worker is handed a job, once each time it is told to: the job is nobody's then. */
class HandOverCut {
  cuts = 0;
  wanted = false;

  readonly look: Look = (direction, bytes) => {
    if (!this.wanted || direction !== 'downstream' || !bytes.includes(HANDED_OVER)) return 'pass';
    this.wanted = false;
    this.cuts += 1;
    return 'cut';
  };
}

(hasTestRedis ? describe : describe.skip)('connections to the queue in Redis', () => {
  const cut = new CompletionCut();
  const handOver = new HandOverCut();
  let redis: CacheRedis;
  let wire: FaultProxy;
  let client: Redis;
  let world: FaultWorld;
  let gateway: GatewaySlot;
  /** Reaches Redis past the wire. */
  let other: GatewaySlot;
  const acknowledged: string[] = [];

  beforeAll(async () => {
    redis = await startCacheRedis({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
    wire = await FaultProxy.start(redis.url, { look: (...piece) => (handOver.look(...piece) === 'cut' ? 'cut' : cut.look(...piece)) });
    client = new Redis(redis.url);
    world = await FaultWorld.open({ redisUrl: wire.before(redis.url) });
    gateway = world.slot();
    other = world.slot({ REDIS_URL: redis.url });
    await gateway.start();
  });
  afterAll(async () => {
    await world?.close();
    client?.disconnect();
    await wire?.close();
    await redis?.stop();
  });

  async function send(to = gateway): Promise<string> {
    const leadId = await acceptLead(to.url, acknowledged.length + 1);
    acknowledged.push(leadId);
    return leadId;
  }

  const delivered = (leadId: string): Promise<void> =>
    world.until('it is delivered', `select from leads where id = $1 and status = 'DELIVERED'`, [leadId]);

  /** A lead may be delivered before its job is completed: the next completion is that of the next job only now. */
  const nothingIsActive = (): Promise<true> =>
    eventually('every job is completed', async () => ((await client.llen(`${JOBS}:active`)) === 0 ? true : undefined));

  /** What BullMQ told of a job, in order. */
  async function eventsOf(jobId: string): Promise<string[]> {
    const entries = await client.xrange(`${JOBS}:events`, '-', '+');
    return entries
      .map(([, [...fields]]) => Object.fromEntries(fields.flatMap((name, n) => (n % 2 === 0 ? [[name, fields[n + 1]]] : []))))
      .filter((event) => event['jobId'] === jobId)
      .map((event) => String(event['event']));
  }

  it('F20: the completion of a job is cut off before it reaches Redis: another process has the job again, and the CRM one effect', async () => {
    // From now on BullMQ calls its script by the hash.
    await delivered(await send());
    await nothingIsActive();
    cut.cutOnce('the request', () => (wire.down = true));
    const leadId = await send();
    await delivered(leadId);
    await eventually('the completion is cut', async () => (cut.cuts === 1 ? true : undefined));
    const [jobId = '', ...more] = await client.lrange(`${JOBS}:active`, 0, -1);
    expect(more).toEqual([]);
    // Its lock has run out, and that was noticed once before: what a minute and a half would do.
    await client.del(`${JOBS}:${jobId}:lock`, `${JOBS}:stalled-check`);
    await client.sadd(`${JOBS}:stalled`, jobId);
    await other.start();
    await eventually('the job ran again', async () => ((await eventsOf(jobId)).at(-1) === 'completed' ? true : undefined));
    expect((await eventsOf(jobId)).filter((event) => event === 'stalled' || event === 'completed')).toEqual(['stalled', 'completed']);
    wire.heal();
    await other.kill('SIGTERM');
    await delivered(await send());
    expect(await world.crm.requests()).toHaveLength(acknowledged.length);
  });

  it('F20: the answer to the completion is cut off: the job is over, the CRM has one effect, and the worker goes on', async () => {
    await nothingIsActive();
    const before = cut.cuts;
    cut.cutOnce('the answer');
    await delivered(await send());
    await eventually('the answer is cut', async () => (cut.cuts > before ? true : undefined));
    await delivered(await send());
    expect(await world.crm.requests()).toHaveLength(acknowledged.length);
  });

  async function secondsToItsCall(leadId: string): Promise<number> {
    await delivered(leadId);
    const [lead] = await world.rows<{ seconds: number }>(
      `select extract(epoch from started_at - received_at)::float8 as seconds from leads join delivery_attempts on lead_id = leads.id where leads.id = $1`,
      [leadId],
    );
    return lead?.seconds ?? Number.POSITIVE_INFINITY;
  }

  it('F42: the connections on which workers wait are killed: the next lead does not wait for a lost ring', async () => {
    const calm = await secondsToItsCall(await send());
    const seconds: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const waiting = await eventually('both workers wait for a job', async () => {
        const clients = String(await client.client('LIST', 'TYPE', 'NORMAL')).split('\n');
        const ids = clients.filter((line) => line.includes('cmd=bzpopmin')).map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
        return ids.length === 2 ? ids : undefined;
      });
      for (const id of waiting) await client.client('KILL', 'ID', id);
      seconds.push(await secondsToItsCall(await send()));
    }
    expect(Math.max(...seconds)).toBeLessThan(LOST_RING_SECONDS - 10);
    // One of them on a machine that is slow just then, which shows in a lead before whom nobody killed anything.
    expect(Math.min(...seconds)).toBeLessThan(NEXT_JOB_SECONDS + calm);
  });

  it('the answer that hands a job to a worker is cut off: its lead does not wait for a lost ring', async () => {
    handOver.wanted = true;
    const leadId = await send();
    await delivered(leadId);
    expect(handOver.cuts).toBe(1);
    const [lead] = await world.rows<{ seconds: number; rings: number }>(
      `select extract(epoch from started_at - received_at)::float8 as seconds, ring_gen as rings
         from leads join delivery_attempts on lead_id = leads.id where leads.id = $1`,
      [leadId],
    );
    expect(lead?.rings).toBeGreaterThanOrEqual(2);
    expect(lead?.seconds).toBeLessThan(LOST_RING_SECONDS - 10);
  });

  it('and in the end nothing is lost, doubled or changed', async () => {
    await world.settled();
    expect(await judge(world, { acknowledged, redisUrl: redis.url })).toEqual([]);
  });
});

/** What BullMQ asks first on each object's first connection, and then never again. */
const FIRST_QUESTION = 'min_client_version';
/** Two queues and two workers, each at two attempts to connect the queue. */
const FIRST_QUESTIONS_CUT = 8;

it('F42: connections to the queue in Postgres that break at their first question: the gateway goes on answering and connects anew', async () => {
  const database = await createTestDatabase();
  let cuts = 0;
  const wire = await FaultProxy.start(database.url, {
    look: (direction, bytes) => {
      if (cuts === FIRST_QUESTIONS_CUT || direction !== 'upstream' || !bytes.includes(FIRST_QUESTION)) return 'pass';
      cuts += 1;
      return 'cut';
    },
  });
  const world = await FaultWorld.open({ database: { ...database, url: wire.before(database.url) } });
  try {
    const gateway = world.slot();
    await gateway.start({ unready: true });
    await eventually('its queue is broken off', async () => (cuts > 0 ? true : undefined));
    await gateway.ready();
    const leadId = await acceptLead(gateway.url, 1);
    await world.until('it is delivered', `select from leads where id = $1 and status = 'DELIVERED'`, [leadId]);
    expect(cuts).toBe(FIRST_QUESTIONS_CUT);
    expect(await judge(world, { acknowledged: [leadId] })).toEqual([]);
    expect(await gateway.running.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  } finally {
    await world.close();
    await wire.close();
  }
});

/** The last words of Postgres to a session: severity, code, message. */
const ENDED_BY_AN_ADMINISTRATOR = errorResponse({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'terminating connection' });
/** ReadyForQuery, outside a transaction. */
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1');

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([type, value]) => `${type}${value}\0`)
      .join('')}\0`,
  );
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

describe('the client on which a worker waits for jobs in Postgres', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  const connected = async (look: Look = () => 'pass') => {
    const database = await createTestDatabase();
    undo.push(() => database.drop());
    const wire = await FaultProxy.start(database.url, { look });
    // What a toxic still holds back would keep its connection, and the wire, open for a minute.
    undo.push(async () => {
      wire.heal();
      await wire.close();
    });
    const connection = { connectionString: wire.before(database.url), schema: QUEUE_SCHEMA };
    // BullMQ types it as a Redis; its Postgres backend reads it as a pool configuration.
    const backend = createListenedBackend('process', { connection } as unknown as Parameters<typeof createListenedBackend>[1]);
    // Its queue or worker listens to it.
    backend.on('error', () => {});
    await backend.waitUntilReady();
    return { backend, wire, database };
  };

  it('F42: its session ends in the same breath as it begins: nothing breaks, and the next wait has another one', async () => {
    let armed = false;
    const { backend } = await connected((direction, bytes) => {
      if (!armed || direction !== 'downstream' || !bytes.subarray(-READY.length).equals(READY)) return 'pass';
      armed = false;
      return Buffer.concat([bytes, ENDED_BY_AN_ADMINISTRATOR]);
    });
    armed = true;
    await expect(backend.waitForJob(0.01)).rejects.toThrow('terminating connection');
    await expect(backend.waitForJob(0.01)).resolves.toBeNull();
    expect(armed).toBe(false);
    await backend.close();
  });

  it('F42: its session is ended before its goodbye arrives: nothing breaks', async () => {
    const { backend, wire, database } = await connected();
    await expect(backend.waitForJob(0.01)).resolves.toBeNull();
    wire.add({ type: 'timeout', ms: 0 }, { direction: 'upstream' });
    const closed = backend.close();
    await database.drop();
    await expect(closed).resolves.toBeUndefined();
  });
});
