import { eventually } from '../support/eventually.js';
import { acmeFile, createWhatIfWorld, type WhatIfWorld } from './support/what-if-world.js';

let world: WhatIfWorld;
beforeAll(async () => {
  world = await createWhatIfWorld();
});
afterAll(() => world.end());

it('a lead that is erased while a step runs over it leaves no fingerprint in the run', async () => {
  await world.activate(acmeFile());
  const [stays, goes] = await world.leads(
    { at: '2026-03-02T10:00:00Z', payload: { email: 'stays@example.com', zip: '66123' } },
    { at: '2026-03-03T10:00:00Z', payload: { email: 'goes@example.com', zip: '66123' } },
  );
  const { id } = await world.start({ draft: await world.draft(acmeFile({ name: 'Draft' })) });
  const erasing = await world.pool.connect();
  try {
    await erasing.query('begin');
    await erasing.query(`update leads set status = 'ERASED', payload = '{}' where id = $1`, [goes]);
    const round = world.runner().runOnce();
    await eventually('the step waits for the erasure', async () => {
      const { rowCount } = await world.pool.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active' and wait_event_type = 'Lock'`,
      );
      return rowCount === 1 ? true : undefined;
    });
    await erasing.query('commit');
    await round;
  } finally {
    erasing.release();
  }
  const { rows } = await world.pool.query('select distinct lead_id from what_if_claims where what_if_id = $1', [id]);
  expect(rows).toEqual([{ lead_id: stays }]);
});
