import { type Cut, type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { createGuardWorld, type GuardWorld } from './support/guard-world.js';

/** Milliseconds. For broken code, not for slow machines. */
const IN_TIME = 60_000;

/** Whoever waits for a verdict is not left without one because a connection broke. */
describe('a connection lost around the commit of a decision', () => {
  let world: GuardWorld;
  let proxy: PostgresProxy;
  beforeAll(async () => {
    world = await createGuardWorld();
    proxy = await startPostgresProxy(world.url);
  });
  afterAll(async () => {
    await world?.end();
    await proxy?.close();
  });

  it.each<[cut: Cut, description: string]>([
    ['before', 'Postgres never heard of it: written once more'],
    ['after', 'it was committed: found by its journey'],
  ])('cut %s it: one journey, one claim, and the verdict is told (%s)', async (cut) => {
    const { verdicts, told } = world.process({ workUrl: proxy.url });
    const ids = await world.leads('t1', [{ email: `lost-${cut}@example.com` }, { email: `lost-${cut}-too@example.com` }]);
    const loaded = await Promise.all(ids.map((id) => world.loaded(id)));
    proxy.cuts.push(cut);
    const answers = await Promise.all(loaded.map((lead) => verdicts.decide(lead, IN_TIME)));
    expect(answers).toMatchObject(ids.map((leadId) => ({ leadId, decision: 'PASS', status: 'KEPT' })));
    expect(told).toHaveLength(2);
    for (const id of ids) expect(await world.journeys(id)).toHaveLength(1);
    expect((await world.claims()).filter(({ lead_id }) => ids.includes(lead_id))).toHaveLength(2);
  });

  it('lost again while it is settled: nothing is written, and the next one is decided', async () => {
    const process = world.process({ workUrl: proxy.url });
    const id = await world.lead('t1', { email: 'lost-twice@example.com' });
    const lead = await world.loaded(id);
    proxy.cuts.push('before', 'before');
    await expect(process.verdicts.decide(lead, IN_TIME)).rejects.toThrow(/Connection terminated|ECONNRESET/);
    expect(await world.row(id)).toMatchObject({ status: 'RECEIVED', journey_no: 0 });
    expect(await process.verdicts.decide(lead, IN_TIME)).toMatchObject({ leadId: id, decision: 'PASS' });
  });
});
