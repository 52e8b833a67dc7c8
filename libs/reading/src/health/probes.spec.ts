import { ConfigProbe, QueueProbe } from './probes.js';

describe('the health of the configuration', () => {
  it.each([
    { description: 'up where every file is in use', tenants: 1, problems: [], health: { status: 'up' } },
    {
      description: 'degraded with every problem',
      tenants: 1,
      problems: ['a.yaml: is empty', 'b.yaml: is empty'],
      health: { status: 'degraded', detail: 'a.yaml: is empty; b.yaml: is empty' },
    },
    {
      description: 'degraded without any tenant',
      tenants: 0,
      problems: [],
      health: { status: 'degraded', detail: 'no tenant has an active configuration: `leadgate config apply` imports one' },
    },
  ])('is $description', async ({ tenants, problems, health }) => {
    const probe = new ConfigProbe({ tenants: () => Array(tenants).fill({}), problems: () => problems });
    expect(await probe.probe()).toEqual(health);
  });
});

describe('the health of the queue', () => {
  it.each([
    { description: 'up where its server answers and this process is connected', obstacle: null, connected: true, health: { status: 'up' } },
    {
      description: 'degraded where something is in the way, whatever was connected before',
      obstacle: 'Redis does not answer',
      connected: true,
      health: { status: 'degraded', detail: 'Redis does not answer' },
    },
    {
      description: 'degraded where its server answers and this process is not connected',
      obstacle: null,
      connected: false,
      health: { status: 'degraded', detail: expect.stringContaining('the queue is being connected') },
    },
  ])('is $description', async ({ obstacle, connected, health }) => {
    expect(await new QueueProbe({ obstacle: async () => obstacle }, { connected }).probe()).toEqual(health);
  });
});
