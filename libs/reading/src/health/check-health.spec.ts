import { type ComponentHealth, HealthProbes } from '#platform';
import { CheckHealth } from './check-health.js';

type Answer = () => Promise<ComponentHealth>;
const up: Answer = () => Promise.resolve({ status: 'up' });
const degraded: Answer = () => Promise.resolve({ status: 'degraded', detail: 'slow' });
const failing: Answer = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.5'));
const silent: Answer = () => new Promise(() => {});

function healthOf(components: Record<string, Answer>, limitMs = 20): CheckHealth {
  const probes = new HealthProbes();
  for (const [component, probe] of Object.entries(components)) probes.add({ component, probe });
  return new CheckHealth(probes, limitMs);
}

describe('CheckHealth', () => {
  it.each<{ description: string; components: Record<string, Answer>; ok: boolean; status: string }>([
    { description: 'all up', components: { postgres: up, queue: up }, ok: true, status: 'ok' },
    { description: 'the queue is slow', components: { postgres: up, queue: degraded }, ok: true, status: 'degraded' },
    { description: 'the queue is away', components: { postgres: up, queue: failing }, ok: true, status: 'degraded' },
    { description: 'the queue says nothing', components: { postgres: up, queue: silent }, ok: true, status: 'degraded' },
    { description: 'Postgres is away', components: { postgres: failing, queue: up }, ok: false, status: 'down' },
    { description: 'Postgres says nothing', components: { postgres: silent, queue: up }, ok: false, status: 'down' },
    { description: 'nobody looks at Postgres', components: { queue: up }, ok: false, status: 'down' },
  ])('$description', async ({ components, ok, status }) => {
    expect(await healthOf(components).run()).toMatchObject({ ok, status });
  });

  it('does not repeat what an error says', async () => {
    expect((await healthOf({ postgres: failing }).run()).components['postgres']).toEqual({ status: 'down', detail: 'does not answer' });
  });

  it('takes a probe that throws at once for one that does not answer', async () => {
    const throwing: Answer = () => {
      throw new Error('at once');
    };
    expect(await healthOf({ postgres: up, queue: throwing }).run()).toMatchObject({ status: 'degraded' });
  });

  it('asks once for requests that come together, and again for the next', async () => {
    let asked = 0;
    const health = healthOf({ postgres: () => up().finally(() => (asked += 1)) });
    await Promise.all([health.run(), health.run(), health.run()]);
    expect(asked).toBe(1);
    await health.run();
    expect(asked).toBe(2);
  });
});

it('two probes of one name are refused: one would hide the other', () => {
  const probes = new HealthProbes();
  probes.add({ component: 'queue', probe: up });
  expect(() => probes.add({ component: 'queue', probe: up })).toThrow('"queue"');
});
