import pg from 'pg';
import { eventually } from '../support/eventually.js';
import {
  type DemoCrmProcess,
  type GatewayProcess,
  makeDataDir,
  QUEUE_BACKENDS,
  startDemoCrm,
  startGateway,
} from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const LEAD = {
  email: ' John.Doe@Example.com ',
  phone: '0160 8912308',
  first_name: 'John',
  last_name: 'Doe',
  address: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' },
  house: { is_owner: true },
  solar_offer_type: 'Kaufen',
  solar_roof_age: 'old',
};

interface History {
  status: string;
  rejection_reason: string | null;
  reason_codes: string[];
  customer_payload: unknown;
  delivery_attempts: { attempt_no: number; success: boolean; status_code: number | null; error_message: string | null }[];
  transitions: { from: string | null; to: string; actor: string; reason: string | null }[];
  journey: unknown;
}

describe.each(QUEUE_BACKENDS)('the corridor on $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let crm: DemoCrmProcess;
  let gateway: GatewayProcess;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;

  beforeAll(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    crm = await startDemoCrm(folder.path);
    gateway = await startGateway({
      databaseUrl: database.url,
      redisUrl,
      dataDir: folder.path,
      env: { CUSTOMER_API_URL: `${crm.url}/leads` },
    });
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
  });

  afterAll(async () => {
    await gateway?.kill();
    await crm?.kill();
    await database?.drop();
    await folder?.remove();
  });

  beforeEach(async () => {
    await fetch(`${crm.url}/_reset`, { method: 'POST' });
  });

  async function post(lead: object): Promise<string> {
    const response = await gateway.post('/webhooks/leads', lead);
    expect(response.status).toBe(200);
    return ((await response.json()) as { lead_id: string }).lead_id;
  }

  const ended = (id: string): Promise<History> =>
    eventually(`lead ${id} ends`, async () => {
      const history = await gateway.read<History>(`/stats/leads/${id}/history`);
      return ['RECEIVED', 'READY', 'FAILED'].includes(history.status) ? undefined : history;
    });

  it('takes a lead from the webhook to the CRM in exactly the form the customer reads', async () => {
    const id = await post(LEAD);
    const history = await ended(id);
    const [arrived] = await crm.requests();
    expect(arrived?.body).toEqual({
      lead: {
        phone: '+491608912308',
        email: 'john.doe@example.com',
        first_name: 'John',
        last_name: 'Doe',
        street: 'Musterstraße 1',
        postcode: '66123',
        city: 'Saarbrücken',
        country: 'de',
      },
      product: { name: 'Solaranlagen' },
      lead_attributes: { solar_offer_type: 'Kaufen' },
      meta_attributes: { unique_id: id },
    });
    expect(arrived?.key).toBeTruthy();
    expect(history.status).toBe('DELIVERED');
    expect(history.customer_payload).toEqual(arrived?.body);
    expect(history.delivery_attempts).toMatchObject([{ attempt_no: 1, success: true, status_code: 201 }]);
    expect(history.transitions.map(({ from, to }) => [from, to])).toEqual([
      [null, 'RECEIVED'],
      ['RECEIVED', 'READY'],
      ['READY', 'DELIVERED'],
    ]);
    expect(JSON.stringify(history.journey)).toContain('solar_roof_age');
  });

  it('rejects a lead outside the region and calls nobody', async () => {
    const history = await ended(await post({ ...LEAD, address: { zip: '12345' } }));
    expect(history).toMatchObject({ status: 'REJECTED', rejection_reason: 'ZIP_NOT_66XXX', delivery_attempts: [] });
    expect(await crm.requests()).toEqual([]);
  });

  it('delivers at the third attempt when the CRM failed twice, with the same key and the same bytes', async () => {
    await crm.mode({ mode: '500', times: 2 });
    const history = await ended(await post(LEAD));
    expect(history.status).toBe('DELIVERED');
    expect(history.delivery_attempts.map(({ status_code }) => status_code)).toEqual([500, 500, 201]);
    const requests = await crm.requests();
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
    expect(new Set(requests.map(({ bodySha256 }) => bodySha256)).size).toBe(1);
    expect(await crm.leads()).toHaveLength(1);
  });

  it('gives up at once when the CRM says the lead is bad', async () => {
    await crm.mode({ mode: '400', times: 1 });
    const history = await ended(await post(LEAD));
    expect(history).toMatchObject({ status: 'PERMANENTLY_FAILED' });
    expect(history.delivery_attempts).toMatchObject([{ success: false, status_code: 400, error_message: 'Client error: 400' }]);
  });

  it('says which field is missing when the lead cannot be mapped, and sends nothing', async () => {
    const { phone: _phone, ...withoutPhone } = LEAD;
    const history = await ended(await post(withoutPhone));
    expect(history).toMatchObject({
      status: 'PERMANENTLY_FAILED',
      rejection_reason: 'Missing required field: phone',
      delivery_attempts: [],
    });
    expect(history.transitions.map(({ to }) => to)).toEqual(['RECEIVED', 'READY', 'PERMANENTLY_FAILED']);
  });

  it('keeps the leads of the raw intake, with the columns of the CRM screen', async () => {
    const response = await gateway.post('/api/lead', { email: '', firstName: 'Ann', phone: 371123, colour: 'blue' });
    expect(response.status).toBe(201);
    const answer = (await response.json()) as { ok: boolean; lead_id: string; deduplicated: boolean };
    expect(answer).toMatchObject({ ok: true, deduplicated: false });
    expect((await ended(answer.lead_id)).status).toBe('KEPT');
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('select status, assigned_to, email, first_name, phone from crm_leads where lead_id = $1', [
      answer.lead_id,
    ]);
    await client.end();
    expect(rows).toEqual([{ status: 'new', assigned_to: null, email: null, first_name: 'Ann', phone: '371123' }]);
  });
});
