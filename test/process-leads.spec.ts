import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { pino } from 'pino';
import { parse } from 'yaml';
import {
  ActiveConfig,
  type ConfigVersionId,
  type DeliveryId,
  type DestinationId,
  Doorbell,
  type LeadId,
  type ResolvedConfig,
  type TenantConfig,
  type TenantId,
} from '#core';
import { decideDedup } from '#dedup';
import { leadPipeline, NoDecisionSink, PgLeadStore, ProcessLeads, ReopenTenants, TellDecisions } from '#pipeline';
import { DueWork, Metrics } from '#platform';
import { eventually } from './support/eventually.js';
import { stagesWith } from './support/stages.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const VERSION = '01900000-0000-7000-8000-000000000001' as ConfigVersionId;
const silent = pino({ level: 'silent' });

class OneTenant extends ActiveConfig {
  constructor(private readonly resolved: ResolvedConfig) {
    super();
  }
  override tenant(id: TenantId): ResolvedConfig | undefined {
    return id === this.resolved.tenantId ? this.resolved : undefined;
  }
  override tenants(): readonly ResolvedConfig[] {
    return [this.resolved];
  }
  override sourcesAt(): readonly [] {
    return [];
  }
}

class RecordingDoorbell extends Doorbell {
  readonly rung: [DestinationId, readonly DeliveryId[]][] = [];
  override reserveLeads(): boolean {
    return true;
  }
  override reserveDeliveries(): boolean {
    return true;
  }
  override ringLeads(): void {}
  override ringDeliveries(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    this.rung.push([destinationId, ids]);
  }
}

const GOOD = { email: 'ann@example.com', phone: '0160 8912308', address: { zip: '66123' }, house: { is_owner: true } };

const resolved = (config: TenantConfig): ResolvedConfig => ({
  id: VERSION,
  tenantId: 'demo' as TenantId,
  version: 1,
  rulesetVersion: 1,
  policyVersion: 1,
  config,
});

describe('processing leads', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let doorbell: RecordingDoorbell;
  let store: PgLeadStore;
  let processLeads: ProcessLeads;
  const config = parse(readFileSync('config/demo.yaml', 'utf8')) as TenantConfig;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 6 });
    await pool.query(`insert into tenants (id, name) values ('demo', 'Demo')`);
    await pool.query(
      `insert into sources (id, tenant_id, name, kind, path) values ('demo/webhook', 'demo', 'webhook', 'json', '/webhooks/leads')`,
    );
    await pool.query(`insert into destinations (id, tenant_id, name, kind) values ('demo/customer-api', 'demo', 'customer-api', 'http')`);
    await pool.query(
      `insert into config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
       values ($1, 'demo', 1, 1, 1, '{}', '', 'test', true)`,
      [VERSION],
    );
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(() => {
    doorbell = new RecordingDoorbell();
    processLeads = aProcess();
  });

  function aProcess(tenant: TenantConfig = config): ProcessLeads {
    const metrics = new Metrics();
    store = new PgLeadStore(pool, doorbell, metrics);
    return new ProcessLeads(
      leadPipeline(stagesWith({ look: async () => ({ earlier: null, fingerprints: [] }) })),
      store,
      new OneTenant(resolved(tenant)),
      new TellDecisions(metrics, silent, new NoDecisionSink()),
      silent,
    );
  }

  async function aLead(payload: object = GOOD, tenantId = 'demo'): Promise<LeadId> {
    const request = randomUUID();
    const id = randomUUID() as LeadId;
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, $2, 'demo/webhook', '/webhooks/leads', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
      [request, tenantId],
    );
    await pool.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, rung_at)
       values ($1, $2, 'demo/webhook', $3, $3, 'r', $4, clock_timestamp())`,
      [id, tenantId, request, JSON.stringify(payload)],
    );
    return id;
  }

  const leadRow = async (id: LeadId): Promise<Record<string, unknown>> =>
    (await pool.query<Record<string, unknown>>('select * from leads where id = $1', [id])).rows[0] ?? {};
  const rowsOf = async (table: 'journeys' | 'deliveries', id: LeadId): Promise<Record<string, unknown>[]> =>
    (await pool.query<Record<string, unknown>>(`select * from ${table} where lead_id = $1`, [id])).rows;
  const trail = async (id: LeadId): Promise<string[]> =>
    (
      await pool.query<{ step: string }>(
        `select concat(from_status, '>', to_status) as step from audit_events where lead_id = $1 order by id`,
        [id],
      )
    ).rows.map(({ step }) => step);

  it('writes journey, state, audit and the delivery with its payload in one go, and rings it', async () => {
    const id = await aLead();
    await processLeads.run([id]);
    expect(await leadRow(id)).toMatchObject({
      status: 'READY',
      decision: 'PASS',
      journey_no: 1,
      crash_count: 0,
      rung_at: null,
      config_version_id: VERSION,
    });
    expect(await rowsOf('journeys', id)).toMatchObject([
      { outcome: 'continue', journey_no: 1, stages: expect.arrayContaining([expect.objectContaining({ stage: 'map' })]) },
    ]);
    const [delivery] = await rowsOf('deliveries', id);
    expect(JSON.parse(String(delivery?.['payload']))).toMatchObject({
      lead: { phone: '+491608912308' },
      meta_attributes: { unique_id: id },
    });
    expect(delivery).toMatchObject({ status: 'PENDING', attempt_no: 0, epoch: 1 });
    expect(delivery?.['rung_at']).not.toBeNull();
    expect(doorbell.rung).toEqual([['demo/customer-api', [delivery?.['id']]]]);
    expect(await trail(id)).toEqual(['RECEIVED>READY']);
  });

  it('a second run of a decided lead changes nothing', async () => {
    const id = await aLead();
    await processLeads.run([id]);
    const before = await leadRow(id);
    await processLeads.run([id]);
    expect(await leadRow(id)).toEqual(before);
    expect(await rowsOf('deliveries', id)).toHaveLength(1);
  });

  it.each(['load', 'decide'] as const)(
    'a connection that breaks in %s leaves its leads due at once, also when the next connection breaks too',
    async (broken) => {
      const id = await aLead();
      const lost = (): Error => Object.assign(new Error('terminating connection'), { code: '57P01' });
      jest.spyOn(store, broken).mockRejectedValueOnce(lost());
      jest.spyOn(store, broken === 'load' ? 'unring' : 'forgive').mockRejectedValueOnce(lost());
      await expect(processLeads.run([id])).rejects.toThrow('terminating connection');
      expect(await leadRow(id)).toMatchObject({ status: 'RECEIVED', rung_at: null, crash_count: 0 });
      await processLeads.run([id]);
      expect(await leadRow(id)).toMatchObject({ status: 'READY' });
    },
  );

  it('of two processes that run one lead at once, one writes', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => aLead()));
    const other = aProcess();
    for (const id of ids) await Promise.all([processLeads.run([id]), other.run([id])]);
    for (const id of ids) {
      expect(await rowsOf('journeys', id)).toHaveLength(1);
      expect(await rowsOf('deliveries', id)).toHaveLength(1);
      expect(await trail(id)).toEqual(['RECEIVED>READY']);
    }
  });

  it('keeps every reason of a rejection and names the first', async () => {
    const id = await aLead({ ...GOOD, address: { zip: '12345' }, house: { is_owner: false } });
    await processLeads.run([id]);
    expect(await leadRow(id)).toMatchObject({
      status: 'REJECTED',
      decision: 'REJECT',
      rejection_reason: 'ZIP_NOT_66XXX',
      reason_codes: ['ZIP_NOT_66XXX', 'NOT_HOMEOWNER'],
    });
    expect(await trail(id)).toEqual(['RECEIVED>REJECTED']);
  });

  it('a lead that cannot be mapped passes through READY to PERMANENTLY_FAILED in one transaction', async () => {
    const { phone: _phone, ...rest } = GOOD;
    const id = await aLead(rest);
    await processLeads.run([id]);
    expect(await leadRow(id)).toMatchObject({ status: 'PERMANENTLY_FAILED', rejection_reason: 'Missing required field: phone' });
    expect(await trail(id)).toEqual(['RECEIVED>READY', 'READY>PERMANENTLY_FAILED']);
  });

  it('a lead without a destination is kept', async () => {
    const id = await aLead();
    await aProcess({ ...config, destinations: [] }).run([id]);
    expect(await leadRow(id)).toMatchObject({ status: 'KEPT' });
    expect(await trail(id)).toEqual(['RECEIVED>READY', 'READY>KEPT']);
  });

  it('a lead that was in a process that died is not run with others, and held after three deaths', async () => {
    const suspect = await aLead();
    const healthy = await aLead();
    await store.load([suspect], true);
    await processLeads.run([suspect, healthy]);
    expect(await leadRow(healthy)).toMatchObject({ status: 'READY' });
    expect(await leadRow(suspect)).toMatchObject({ status: 'RECEIVED', crash_count: 1, rung_at: null });
    for (let death = 2; death <= 3; death += 1) await store.load([suspect], true);
    await processLeads.run([suspect]);
    expect(await leadRow(suspect)).toMatchObject({ status: 'HELD', hold_reason: 'poison', hold_until: null });
    expect(await trail(suspect)).toEqual(['RECEIVED>HELD']);
    // Who asks for the verdict reads it from the journey, and an operator hears of it once.
    const journeys = await pool.query('select outcome, reason, decision, reason_codes from journeys where lead_id = $1', [suspect]);
    expect(journeys.rows).toEqual([{ outcome: 'hold', reason: 'poison', decision: 'WARN', reason_codes: ['poison'] }]);
    const events = await pool.query('select type, detail from operator_events where subject = $1', [suspect]);
    expect(events.rows).toEqual([{ type: 'lead.poisoned', detail: { crashes: 3, source: expect.any(String) } }]);
  });

  it('a suspect that runs through alone is an ordinary lead again', async () => {
    const id = await aLead();
    await store.load([id], true);
    await processLeads.run([id]);
    expect(await leadRow(id)).toMatchObject({ status: 'READY', crash_count: 0 });
  });

  it('a process has one suspect in hand at a time: what kills it counts against no other one', async () => {
    const [one, other, healthy] = [await aLead(), await aLead(), await aLead()];
    await store.load([one, other], true);
    let finish = (): void => {};
    const decided = new Promise<void>((resolve) => (finish = resolve));
    const { decide } = store;
    jest.spyOn(store, 'decide').mockImplementationOnce(async (lead) => {
      await decided;
      return decide.call(store, lead);
    });
    const running = processLeads.run([one]);
    await eventually('the first is loaded', async () => ((await leadRow(one))['crash_count'] === 2 ? true : undefined));
    const waiting = processLeads.run([other]);
    await processLeads.run([healthy]);
    expect(await leadRow(healthy)).toMatchObject({ status: 'READY' });
    expect(await leadRow(other)).toMatchObject({ status: 'RECEIVED', crash_count: 1 });
    finish();
    await Promise.all([running, waiting]);
    for (const id of [one, other]) expect(await leadRow(id)).toMatchObject({ status: 'READY', crash_count: 0 });
  });

  describe('several destinations', () => {
    const [first] = config.destinations;
    const mapping = { name: 'by-vat', fields: [{ target: 'vat', from: ['vat_id'], required_as: 'vat_id' }] };
    const two = {
      ...config,
      mappings: [...config.mappings, mapping],
      destinations: [...config.destinations, { ...first, name: 'company-crm', mapping: 'by-vat' }],
    } as TenantConfig;
    const ofDestination = async (id: LeadId, name: string): Promise<Record<string, unknown> | undefined> =>
      (await rowsOf('deliveries', id)).find((delivery) => delivery['destination_id'] === `demo/${name}`);

    beforeAll(async () => {
      await pool.query(`insert into destinations (id, tenant_id, name, kind) values ('demo/company-crm', 'demo', 'company-crm', 'http')`);
    });

    it('a lead that only one of them can have goes there; the other delivery has failed for good and nobody is rung for it', async () => {
      const id = await aLead();
      await aProcess(two).run([id]);
      expect(await leadRow(id)).toMatchObject({ status: 'READY' });
      expect(await ofDestination(id, 'customer-api')).toMatchObject({ status: 'PENDING', finished_at: null, last_error: null });
      const failed = await ofDestination(id, 'company-crm');
      expect(failed).toMatchObject({
        status: 'PERMANENTLY_FAILED',
        attempt_no: 0,
        payload: '',
        last_error: 'Missing required field: vat_id',
        rung_at: null,
        finished_at: expect.any(Date) as Date,
      });
      expect(doorbell.rung).toEqual([['demo/customer-api', [(await ofDestination(id, 'customer-api'))?.['id']]]]);
      const { rows } = await pool.query(
        `select delivery_id, reason, detail from audit_events where lead_id = $1 and type = 'delivery.failed'`,
        [id],
      );
      expect(rows).toEqual([
        {
          delivery_id: failed?.['id'],
          reason: 'Missing required field: vat_id',
          detail: { destination: 'demo/company-crm', attemptNo: 0, sentState: 'not_sent' },
        },
      ]);
    });

    it('a lead that none of them can have fails for good, as with one', async () => {
      const id = await aLead({ ...GOOD, phone: '' });
      await aProcess(two).run([id]);
      expect(await leadRow(id)).toMatchObject({ status: 'PERMANENTLY_FAILED' });
      expect(await rowsOf('deliveries', id)).toEqual([]);
    });

    it('a lead that no route takes is kept', async () => {
      const routes = [{ when: [{ field: ['vat_id'], check: 'filled' as const }], to: ['company-crm'] }];
      const [kept, routed] = [await aLead(), await aLead({ ...GOOD, vat_id: 'DE1' })];
      await aProcess({ ...two, routes }).run([kept, routed]);
      expect(await leadRow(kept)).toMatchObject({ status: 'KEPT' });
      expect(await rowsOf('deliveries', routed)).toMatchObject([{ destination_id: 'demo/company-crm', payload: '{"vat":"DE1"}' }]);
    });
  });

  it('a job that is loaded in two parts, of which one fails, counts against no lead of the other', async () => {
    const ids: LeadId[] = [];
    for (let n = 0; n <= 100; n += 1) ids.push(await aLead());
    const query = Reflect.get(pool, 'query') as typeof pool.query;
    const broken = jest.spyOn(pool, 'query').mockImplementation((async (
      statement: { name?: string; values?: unknown[][] },
      ...rest: unknown[]
    ) => {
      if (statement.name === 'load_leads' && statement.values?.[0]?.length === 1)
        throw Object.assign(new Error('terminating connection'), { code: '57P01' });
      return Reflect.apply(query, pool, [statement, ...rest]) as unknown;
    }) as typeof pool.query);
    await expect(processLeads.run(ids)).rejects.toThrow('terminating connection');
    broken.mockRestore();
    const { rows } = await pool.query(
      'select crash_count, rung_at, count(*)::int as n from leads where id = any($1::uuid[]) group by 1, 2',
      [ids],
    );
    expect(rows).toEqual([{ crash_count: 0, rung_at: null, n: 101 }]);
  });

  it('a lost database connection counts against no lead', async () => {
    const id = await aLead();
    jest.spyOn(store, 'decide').mockRejectedValueOnce(Object.assign(new Error('terminating connection'), { code: '57P01' }));
    await expect(processLeads.run([id])).rejects.toThrow('terminating connection');
    expect(await leadRow(id)).toMatchObject({ status: 'RECEIVED', crash_count: 0, rung_at: null });
  });

  it.each([
    ['a statement that took too long', '57014'],
    ['a lock that was not to be had', '55P03'],
  ])('%s counts against no lead either', async (_case, code) => {
    const id = await aLead();
    jest.spyOn(store, 'decide').mockRejectedValueOnce(Object.assign(new Error('not now'), { code }));
    await expect(processLeads.run([id])).rejects.toThrow('not now');
    expect(await leadRow(id)).toMatchObject({ status: 'RECEIVED', crash_count: 0, rung_at: null });
  });

  it('a fault of ours counts against the lead it met, so that it ends up held and not tried for ever', async () => {
    const id = await aLead();
    const decide = jest.spyOn(store, 'decide').mockRejectedValue(new TypeError('our mistake'));
    for (let time = 1; time <= 3; time += 1) {
      await expect(processLeads.run([id])).rejects.toThrow('our mistake');
      expect(await leadRow(id)).toMatchObject({ status: 'RECEIVED', crash_count: time });
    }
    decide.mockRestore();
    await processLeads.run([id]);
    expect(await leadRow(id)).toMatchObject({ status: 'HELD', hold_reason: 'poison' });
  });

  it('two jobs with the same lead at the same time are no crash', async () => {
    const ids = await Promise.all([aLead(), aLead()]);
    const load = jest.spyOn(store, 'load');
    await Promise.all([processLeads.run(ids), processLeads.run(ids), processLeads.run([...ids].reverse())]);
    expect(load).toHaveBeenCalledTimes(1);
    for (const id of ids) expect(await leadRow(id)).toMatchObject({ status: 'READY', crash_count: 0 });
  });

  describe('of a tenant without a configuration that can be used here', () => {
    const BACKLOG = 60;
    const closedSince = async (): Promise<Date | null | undefined> =>
      (await pool.query<{ at: Date | null }>(`select closed_since as at from tenants where id = 'unknown'`)).rows[0]?.at;

    beforeAll(() => pool.query(`insert into tenants (id, name) values ('unknown', 'Unknown')`));
    beforeEach(() => pool.query(`update tenants set closed_since = null`));

    it('wait, however often they are looked at, and nothing counts against them', async () => {
      const id = await aLead(GOOD, 'unknown');
      for (let time = 0; time < 6; time += 1) await processLeads.run([id]);
      expect(await leadRow(id)).toMatchObject({ status: 'RECEIVED', crash_count: 0, rung_at: null, claimed_until: null });
      expect(await closedSince()).toBeInstanceOf(Date);
    });

    it('wait beside those that are decided, with one line in the log and two statements for all of them', async () => {
      const ids: LeadId[] = [];
      for (let n = 0; n < BACKLOG; n += 1) ids.push(await aLead(GOOD, 'unknown'));
      const warn = jest.spyOn(silent, 'warn');
      const query = jest.spyOn(pool, 'query');
      const usable = await aLead();
      await processLeads.run([...ids, usable]);
      const named = query.mock.calls.map(([statement]) => statement as unknown as { name?: string });
      query.mockRestore();
      expect(named.filter(({ name }) => name === 'close_tenants')).toHaveLength(1);
      expect(named.length).toBeLessThan(10);
      await processLeads.run(ids);
      expect(warn.mock.calls).toEqual([[{ component: 'pipeline', tenant_id: 'unknown' }, expect.stringContaining('its leads wait')]]);
      warn.mockRestore();
      expect(await leadRow(usable)).toMatchObject({ status: 'READY' });
      const { rows } = await pool.query(
        `select crash_count, rung_at, count(*)::int as n from leads where id = any($1::uuid[]) and status = 'RECEIVED' group by 1, 2`,
        [ids],
      );
      expect(rows).toEqual([{ crash_count: 0, rung_at: null, n: BACKLOG }]);
    });

    it('are not rung, and are as soon as a process can use one', async () => {
      await aLead(GOOD, 'unknown');
      await pool.query(`update leads set rung_at = null where tenant_id = 'unknown'`);
      const standing = async () => (await new DueWork(pool).rungLeads(60)).find(({ id }) => id === 'unknown');
      expect(await standing()).toMatchObject({ waits: true, closed: false });
      await processLeads.run([await aLead(GOOD, 'unknown')]);
      expect(await standing()).toMatchObject({ waits: false, closed: true });

      await new ReopenTenants(pool, new OneTenant(resolved(config)), silent).runOnce();
      expect(await closedSince()).toBeInstanceOf(Date);
      const taken = { ...resolved(config), tenantId: 'unknown' as TenantId };
      await new ReopenTenants(pool, new OneTenant(taken), silent).runOnce();
      expect(await closedSince()).toBeNull();
      expect(await standing()).toMatchObject({ waits: true, closed: false });
    });

    it('go on beside a process that cannot use one, without a line in the log each time it closes their tenant again', async () => {
      const id = await aLead(GOOD, 'unknown');
      const info = jest.spyOn(silent, 'info');
      const reopen = new ReopenTenants(pool, new OneTenant({ ...resolved(config), tenantId: 'unknown' as TenantId }), silent);
      for (let time = 0; time < 3; time += 1) {
        await processLeads.run([id]);
        expect(await closedSince()).toBeInstanceOf(Date);
        await reopen.runOnce();
        expect(await closedSince()).toBeNull();
      }
      expect(info.mock.calls).toEqual([[expect.objectContaining({ tenant_id: 'unknown' }), expect.stringContaining('its leads go on')]]);
      info.mockRestore();
    });
  });

  it('a duplicate check that could not be made is flagged, not decided', () => {
    expect(decideDedup({ skipped: 'no_key', fingerprints: [] })).toMatchObject({
      kind: 'continue',
      adds: { duplicateOf: null, duplicateCheckSkipped: true },
    });
  });
});
