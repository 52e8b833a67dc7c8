import type { DeliveryId, LeadId } from '#core';
import { FakeHubSpot } from '../support/fake-hubspot.js';
import { FakeSalesforce } from '../support/fake-salesforce.js';
import { answers } from '../support/scripted-crm.js';
import { CRM, DeliveryWorld } from './support/delivery-world.js';

interface Attempt {
  readonly delivery_id: DeliveryId;
  readonly status: string;
  readonly crm_record_id: string | null;
  readonly last_error: string | null;
  readonly status_code: number;
  readonly error_code: string | null;
  readonly decided_by: string | null;
  readonly response_excerpt: string | null;
}

let world: DeliveryWorld;
beforeAll(async () => {
  world = await DeliveryWorld.create();
});
afterAll(() => world.close());

const emailOf = (no: number): string => `canary-${no}@example.com`;

async function leads(count: number, payloadOf: (no: number) => object): Promise<{ leadId: LeadId; id: DeliveryId }[]> {
  const made = [];
  for (let no = 0; no < count; no += 1) {
    const delivery = await world.aDelivery();
    await world.sql.query('update deliveries set payload = $2 where id = $1', [delivery.id, JSON.stringify(payloadOf(no))]);
    made.push(delivery);
  }
  return made;
}

async function lastAttempts(ids: readonly DeliveryId[]): Promise<Attempt[]> {
  const { rows } = await world.sql.query<Attempt>(
    `select distinct on (delivery.id) delivery.id as delivery_id, delivery.status, crm_record_id, last_error, status_code, error_code, decided_by,
            response_excerpt
       from deliveries delivery join delivery_attempts attempt on attempt.delivery_id = delivery.id
      where delivery.id = any($1::uuid[]) order by delivery.id, attempt.attempt_no desc`,
    [ids],
  );
  return ids.map((id) => rows.find((row) => row.delivery_id === id) as Attempt);
}

describe('leads that go to HubSpot together', () => {
  it('each have their own record, reason and trail', async () => {
    const hubspot = await FakeHubSpot.start('demo-token');
    world.configure({ kind: 'hubspot', url: hubspot.url, answers: 'standard', effect: 'upsert', record_id_path: undefined });
    hubspot.invalid.add(emailOf(3));
    const made = await leads(20, (no) => ({ email: emailOf(no === 19 ? 0 : no) }));
    await world.aWorker().deliver.run(made.map(({ id }) => id));

    const attempts = await lastAttempts(made.map(({ id }) => id));
    expect(attempts.map(({ status }) => status)).toEqual(made.map((_, no) => (no === 3 ? 'PERMANENTLY_FAILED' : 'DELIVERED')));
    expect(attempts[3]).toMatchObject({
      last_error: 'HubSpot: VALIDATION_ERROR, INVALID_EMAIL (email)',
      error_code: 'HUBSPOT_INVALID_EMAIL',
      crm_record_id: null,
    });
    expect(new Set(attempts.map(({ crm_record_id: id }) => id)).size).toBe(19);
    // Two leads of one person: one contact, and whoever came second is told so.
    const twins = [attempts[0], attempts[19]];
    expect(twins[0]?.crm_record_id).toBe(twins[1]?.crm_record_id);
    expect(twins.map((attempt) => attempt?.decided_by).toSorted()).toEqual(['hubspot:created', 'hubspot:existing']);
    expect(JSON.stringify([attempts, world.logged])).not.toContain('canary-');
    await hubspot.crm.close();
  });
});

describe('a call that fails for all of its leads', () => {
  it('is one failure of its destination: a 503 for a batch does not open the breaker', async () => {
    const hubspot = await FakeHubSpot.start('demo-token');
    const breaker = { failures: 50 };
    world.configure({ kind: 'hubspot', url: hubspot.url, answers: 'standard', effect: 'upsert', record_id_path: undefined, breaker });
    await world.sql.query('delete from breakers');
    hubspot.crm.always(answers.status(503));
    const made = await leads(40, (no) => ({ email: emailOf(no) }));
    await world.aWorker().deliver.run(made.map(({ id }) => id));

    // How many calls they came to is the machine's affair; each of them had other leads.
    const calls = hubspot.inputs();
    expect(calls.flat()).toHaveLength(40);
    const { rows } = await world.sql.query(
      'select state, failures, cardinality(failed_leads) as leads from breakers where service_id = $1',
      [CRM],
    );
    expect(rows).toEqual([{ state: 'closed', failures: calls.length, leads: calls.length }]);
    await hubspot.crm.close();
  });
});

describe('leads that go to Salesforce together', () => {
  it('do not take a record that is locked for a destination that is down', async () => {
    const salesforce = await FakeSalesforce.start();
    world.configure({
      kind: 'salesforce',
      url: salesforce.url,
      authentication: { kind: 'oauth2_client_credentials', token_url: salesforce.tokenUrl, client_id: 'c', client_secret: 'geheim' },
      answers: 'standard',
      effect: 'upsert',
      record_id_path: undefined,
      options: { external_id_field: 'Leadgate_Id__c' },
      breaker: { failures: 2 },
    });
    const locked = { statusCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access to this record', fields: [] };
    for (let no = 0; no < 10; no += 1) salesforce.refused.set(emailOf(no), locked);
    const made = await leads(12, (no) => ({ LastName: `${no}`, Email: emailOf(no) }));
    const worker = world.aWorker();
    await worker.deliver.run(made.map(({ id }) => id));

    const attempts = await lastAttempts(made.map(({ id }) => id));
    expect(attempts.map(({ status }) => status)).toEqual(made.map((_, no) => (no < 10 ? 'RETRYING' : 'DELIVERED')));
    expect(attempts[0]).toMatchObject({ error_code: 'SALESFORCE_UNABLE_TO_LOCK_ROW', decided_by: 'salesforce:error', status_code: 200 });

    salesforce.refused.clear();
    for (const { id } of made) await world.makeDue(id);
    await worker.deliver.run(made.map(({ id }) => id));
    const again = await lastAttempts(made.map(({ id }) => id));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['DELIVERED']));
    expect(salesforce.records.size).toBe(12);
    await salesforce.stop();
  });
});
