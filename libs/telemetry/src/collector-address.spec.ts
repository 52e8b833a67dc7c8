import { eventually } from '../../../test/support/eventually.js';
import { CollectorAddress } from './collector-address.js';

/** A machine whose `localhost` is ::1 first, as most are. */
jest.mock('node:dns/promises', () => ({
  lookup: (_host: string, options?: { order?: string }) =>
    Promise.resolve(options?.order === 'ipv4first' ? { address: '127.0.0.1', family: 4 } : { address: '::1', family: 6 }),
}));

it('a name with addresses of both kinds is the IPv4 one: most collectors listen there only', async () => {
  const collector = new CollectorAddress({ host: 'localhost', port: 8125 });
  collector.start();
  expect(await eventually('the name is looked up', async () => collector.current ?? undefined)).toEqual({
    address: '127.0.0.1',
    port: 8125,
    family: 4,
  });
  collector.stop();
});
