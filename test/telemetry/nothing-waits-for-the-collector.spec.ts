import dgram from 'node:dgram';
import { Telemetry, type CollectorName, type Resolve } from '#telemetry';
import { eventually } from '../support/eventually.js';
import { abandonedPort, aDecision, type Collector, startCollector } from './collector.js';

const CAPACITY = 100;
const TOLD = 10_000;

describe('nothing waits for the collector', () => {
  let dropped: number;
  let telemetry: Telemetry;
  const start = (collector: CollectorName | undefined, resolve?: Resolve): void => {
    dropped = 0;
    telemetry = new Telemetry({
      collector,
      queueCapacity: CAPACITY,
      heartbeatSeconds: 1,
      onDropped: (decisions) => (dropped += decisions),
      ...(resolve && { resolve }),
    });
    telemetry.start();
  };
  /** Told in one go: whatever the collector does, telling is a function that returns nothing. */
  const tell = (): void => {
    for (let number = 0; number < TOLD; number += 1) expect(telemetry.decided(aDecision())).toBeUndefined();
  };
  const health = async (): Promise<object | undefined> => telemetry.probes[0]?.probe();
  const degraded = (detail: RegExp): Promise<object> =>
    eventually('what is wrong in /health', async () => {
      const found = await health();
      return found !== undefined && 'detail' in found && detail.test(String(found.detail)) ? found : undefined;
    });

  afterEach(async () => {
    jest.restoreAllMocks();
    await telemetry.stop();
  });

  it('a name server that never answers is asked once, and the list stays bounded', async () => {
    const resolve = jest.fn<ReturnType<Resolve>, [string]>(() => new Promise(() => {}));
    start({ host: 'statsd.example', port: 8125 }, resolve);
    tell();
    expect(dropped).toBe(TOLD - CAPACITY);
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(await health()).toEqual({ status: 'degraded', detail: 'the name in LEADGATE_STATSD has not been resolved yet' });
    await telemetry.stop();
    expect(dropped).toBe(TOLD);
  });

  it('a name nobody knows', async () => {
    start({ host: 'statsd.example', port: 8125 }, () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })));
    tell();
    await degraded(/cannot be resolved \(ENOTFOUND\)/);
  });

  it('an address nobody listens at; a collector that comes later is told', async () => {
    const port = await abandonedPort();
    start({ host: '127.0.0.1', port });
    tell();
    await eventually('a refusal', async () => {
      telemetry.decided(aDecision());
      return (await degraded(/ECONNREFUSED/)) && true;
    });
    const collector = await startCollector(port);
    try {
      await eventually('a decision heard', async () => {
        telemetry.decided(aDecision());
        return collector.lines().find((line) => line.startsWith('leg.decision.pass'));
      });
      await eventually('up again', async () => ((await health()) as { status: string }).status === 'up' || undefined);
    } finally {
      await collector.close();
    }
  });

  it('no file descriptor left: the socket is opened when there is one again', async () => {
    const exhausted = jest.spyOn(dgram, 'createSocket').mockImplementation(() => {
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    });
    const collector: Collector = await startCollectorBefore(exhausted);
    start({ host: '127.0.0.1', port: collector.port });
    tell();
    await degraded(/EMFILE/);
    exhausted.mockRestore();
    await eventually('the decisions that waited', async () => collector.lines().find((line) => line === `leg.decision.pass:${CAPACITY}|c`));
    await collector.close();
  });

  it('switched off it keeps nothing', async () => {
    start(undefined);
    tell();
    expect(dropped).toBe(0);
    for (const probe of telemetry.probes) expect(await probe.probe()).toEqual({ status: 'up', detail: 'off: LEADGATE_STATSD is not set' });
  });
});

/** The test's own collector needs a socket too. */
async function startCollectorBefore(exhausted: jest.SpyInstance): Promise<Collector> {
  const mock = exhausted.getMockImplementation();
  exhausted.mockRestore();
  const collector = await startCollector();
  jest.spyOn(dgram, 'createSocket').mockImplementation(mock as typeof dgram.createSocket);
  return collector;
}
