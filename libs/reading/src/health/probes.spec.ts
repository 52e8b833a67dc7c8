import { ConfigProbe } from './probes.js';

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
