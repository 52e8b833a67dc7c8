import { answers, ScriptedCrm } from '../support/scripted-crm.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  worker = world.aWorker();
});
beforeEach(() => {
  world.logged.length = 0;
  world.crm.requests.splice(0);
});
afterAll(() => world.close());

const decidedBy = async (id: string): Promise<{ attempts: unknown[]; events: unknown[] }> => {
  const attempts = await world.sql.query<{ decided_by: string }>('select decided_by from delivery_attempts where delivery_id = $1', [id]);
  const events = await world.sql.query<{ decided_by: string }>(
    `select detail ->> 'decidedBy' as decided_by from audit_events where delivery_id = $1 order by id`,
    [id],
  );
  return { attempts: attempts.rows.map((row) => row.decided_by), events: events.rows.map((row) => row.decided_by) };
};

describe('what a destination did, by the rules over its answers', () => {
  const RULES = {
    success: [{ status: '200-201', path: 'ok', equals: true }],
    duplicate: [{ status: '409', ours_path: 'external_id', record_id_path: 'existing.id' }],
  };

  it.each([
    {
      description: 'it took the lead',
      answer: answers.status(200, { body: '{"ok":true,"id":"crm-1"}' }),
      row: { status: 'DELIVERED', crm_record_id: 'crm-1', last_error: null },
      rule: 'success[0]',
    },
    {
      description: '200 that says no (F54)',
      answer: answers.status(200, { body: '{"ok":false}' }),
      row: { status: 'RETRYING', crm_record_id: null, last_error: 'Unexpected answer: 200' },
      rule: 'no_success_rule',
    },
    {
      description: 'an empty 200 (F55)',
      answer: answers.status(200),
      row: { status: 'RETRYING', last_error: 'Unexpected answer: 200' },
      rule: 'protocol:empty',
    },
    {
      description: 'a page for people (F55)',
      answer: answers.html(200),
      row: { status: 'RETRYING', last_error: 'Unexpected answer: 200' },
      rule: 'protocol:html_page',
    },
    {
      description: 'it has the lead already, as another one (F63)',
      answer: answers.status(409, { body: '{"external_id":"another","existing":{"id":"crm-9"}}' }),
      row: { status: 'PERMANENTLY_FAILED', crm_record_id: null, last_error: 'Client error: 409' },
      rule: 'duplicate[0]:not_ours',
    },
    { description: 'an error', answer: answers.status(500), row: { status: 'RETRYING', last_error: 'Server error: 500' }, rule: null },
  ])('$description: $rule', async ({ answer, row, rule }) => {
    world.configure(RULES);
    const { id } = await world.aDelivery();
    world.crm.next(answer);
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject(row);
    expect(await decidedBy(id)).toEqual({ attempts: [rule], events: [rule] });
    expect(world.logged[0]).toMatchObject(rule === null ? { event: 'attempt' } : { event: 'attempt', decided_by: rule });
  });

  it('the CRM has the lead already, from an attempt whose answer was lost: delivered, with the id of the record (F63)', async () => {
    world.configure(RULES);
    const { leadId, id } = await world.aDelivery();
    world.crm.next(
      answers.resetBeforeHeaders(),
      answers.status(409, { body: JSON.stringify({ external_id: leadId, existing: { id: 'crm-7' } }) }),
    );
    await worker.deliver.run([id]);
    await world.makeDue(id);
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 2, crm_record_id: 'crm-7' });
    expect(await decidedBy(id)).toEqual({ attempts: [null, 'duplicate[0]'], events: [null, 'duplicate[0]'] });
    expect((await world.lead(leadId)).status).toBe('DELIVERED');
  });

  it('a blind destination that answers outside its rules leaves the lead to a person', async () => {
    world.configure({ ...RULES, effect: 'blind' });
    const { leadId, id } = await world.aDelivery();
    world.crm.next(answers.status(200, { body: '{}' }));
    await worker.deliver.run([id]);
    expect(await world.lead(leadId)).toEqual({ status: 'HELD', hold_reason: 'unknown_outcome' });
  });
});

describe('a destination with OAuth 2', () => {
  let tokens: ScriptedCrm;
  beforeEach(async () => {
    tokens = await ScriptedCrm.start();
    world.configure({
      authentication: { kind: 'oauth2_client_credentials', token_url: tokens.url, client_id: 'us', client_secret: 'geheim-client-secret' },
    });
  });
  afterEach(() => tokens.close());

  it('is not sent anything without a token; the lead is tried again, and no secret is kept anywhere', async () => {
    tokens.next(answers.status(401, { body: '{"error":"invalid_client","hint":"geheim-client-secret"}' }));
    tokens.always(answers.status(200, { body: '{"access_token":"geheim-access-token","expires_in":60}' }));
    const { id } = await world.aDelivery();
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({
      status: 'RETRYING',
      last_error: 'No access token: the token endpoint answered 401 (invalid_client)',
    });
    expect(await world.attempts(id)).toEqual([expect.objectContaining({ sent_state: 'not_sent', error_code: 'TOKEN_REFUSED' })]);
    expect(world.crm.requests).toHaveLength(0);

    await world.makeDue(id);
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED' });
    const { rows } = await world.sql.query(
      `select deliveries, delivery_attempts, audit_events from deliveries join delivery_attempts on delivery_id = deliveries.id
         join audit_events on audit_events.delivery_id = deliveries.id where deliveries.id = $1`,
      [id],
    );
    expect(JSON.stringify([rows, world.logged])).not.toContain('geheim');
  });
});
