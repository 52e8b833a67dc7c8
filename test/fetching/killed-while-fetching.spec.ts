import { eventually } from '../support/eventually.js';
import { MetaWorld } from './support/meta-world.js';

let world: MetaWorld;
beforeAll(async () => {
  world = await MetaWorld.create();
});
afterAll(() => world.close());

it('a gateway that is killed between the answer and its commit: fetched again, one lead, delivered once', async () => {
  world.graph.has('3001', { email: ['killed@lovelace.org'], phone_number: ['+49 160 8912308'], post_code: ['66123'] });
  const held = world.graph.holdNext('3001');
  const first = await world.startGateway();
  const [id] = await world.webhook(first, '3001');
  await held.asked;

  const blocker = await world.sql.connect();
  await blocker.query('begin');
  await blocker.query('select from leads where id = $1 for update', [id]);
  held.release();
  await eventually('the gateway has the answer and waits to write it', async () => {
    const { rowCount } = await blocker.query(
      `select from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()`,
    );
    return rowCount === 0 ? undefined : true;
  });
  await first.kill('SIGKILL');
  await blocker.query('rollback');
  blocker.release();
  const { rows: after } = await world.sql.query('select status, hold_reason, flags from leads where id = $1', [id]);
  expect(after).toEqual([{ status: 'HELD', hold_reason: 'awaiting_fetch', flags: [] }]);

  await world.sql.query(`update deliveries set lease_until = clock_timestamp() where lead_id = $1 and status = 'SENDING'`, [id]);
  const second = await world.startGateway();
  const lead = await world.until(second, id!, 'delivered', ({ status }) => status === 'DELIVERED');
  expect(lead.deliveries[0]?.attempts).toMatchObject([
    { outcome: 'retry', error_code: 'LEASE_EXPIRED', sent_state: 'unknown' },
    { outcome: 'delivered', status_code: 200 },
  ]);
  expect(world.graph.requestsFor('3001')).toHaveLength(2);
  expect(world.sentTo('killed@')).toHaveLength(1);
  const { rows } = await world.sql.query('select id from leads');
  expect(rows).toEqual([{ id }]);
});
