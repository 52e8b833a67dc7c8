import { Telemetry } from '#telemetry';
import { eventually } from '../support/eventually.js';
import { aDecision, type Collector, startCollector } from './collector.js';

describe('the heartbeat', () => {
  let collector: Collector;
  let telemetry: Telemetry;
  const start = (queueCapacity: number): void => {
    telemetry = new Telemetry({
      collector: { host: '127.0.0.1', port: collector.port },
      queueCapacity,
      heartbeatSeconds: 1,
      onDropped: () => undefined,
    });
    telemetry.start();
  };
  const beats = (): string[][] =>
    collector.datagrams.map((datagram) => datagram.toString('latin1').split('\n')).filter((lines) => lines[0]?.endsWith('|g'));

  beforeEach(async () => {
    collector = await startCollector();
  });
  afterEach(async () => {
    await telemetry.stop();
    await collector.close();
  });

  it('beats without any decision, again and again, and says how full the queue is', async () => {
    start(10);
    const [first, second] = await eventually('two beats', async () => (beats().length >= 2 ? beats() : undefined));
    for (const beat of [first, second]) {
      expect(beat).toEqual([
        'leg.system_alive:1|g',
        expect.stringMatching(/^leg\.process_uptime_seconds:\d+\|g$/),
        'leg.telemetry_queue_fill_ratio:0|g',
      ]);
    }
    // A machine that stood still for two beats says otherwise until the next one.
    await eventually('the health that says so', async () => ((await telemetry.probes[1]?.probe())?.status === 'up' ? true : undefined));
  });

  it('beats when decisions overflow the queue', async () => {
    start(4);
    for (let number = 0; number < 100; number += 1) telemetry.decided(aDecision());
    await eventually('a beat', async () => beats()[0]);
    await eventually('the drops', async () => collector.lines().find((line) => line === 'leg.dropped:96|c'));
  });
});
