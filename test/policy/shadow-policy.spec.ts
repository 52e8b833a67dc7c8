import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import {
  ActiveConfig,
  type ConfigVersionId,
  Doorbell,
  type JsonObject,
  type LeadId,
  type PolicyConfig,
  type ResolvedConfig,
  type TenantId,
} from '#core';
import { leadPipeline, NoDecisionSink, PgLeadStore, ProcessLeads, TellDecisions } from '#pipeline';
import { Metrics } from '#platform';
import { ShadowJudge } from '#policy';
import { JudgeInShadow } from '../../libs/policy/src/shadow/judge-in-shadow.js';
import { PgDivergences } from '../../libs/policy/src/shadow/pg-divergences.js';
import { leadgate } from '../support/leadgate-cli.js';
import { shippedConfig } from '../support/shipped-config.js';
import { stagesWith } from '../support/stages.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const VERSION = '01900000-0000-7000-8000-000000000001' as ConfigVersionId;
const POLICY_VERSION = 4;
const silent = pino({ level: 'silent' });
const t1 = shippedConfig('t1');

class OneTenant extends ActiveConfig {
  constructor(private readonly resolved: ResolvedConfig) {
    super();
  }
  override tenant(): ResolvedConfig {
    return this.resolved;
  }
  override tenants(): readonly ResolvedConfig[] {
    return [this.resolved];
  }
  override sourcesAt(): readonly [] {
    return [];
  }
}

class SilentDoorbell extends Doorbell {
  override reserveLeads(): boolean {
    return true;
  }
  override reserveDeliveries(): boolean {
    return true;
  }
  override ringLeads(): void {}
  override ringDeliveries(): void {}
}

let database: TestDatabase;
let pool: pg.Pool;
let metrics: Metrics;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
  await pool.query(`insert into tenants (id, name) values ('t1', 'T1')`);
  await pool.query(
    `insert into sources (id, tenant_id, name, kind, path) values ('t1/ingest', 't1', 'ingest', 'guard', '/v1/leads/ingest')`,
  );
  await pool.query(
    `insert into config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
     values ($1, 't1', 1, 1, $2, '{"policy": {"shadow": {"state": "active"}}}', '', 'test', true)`,
    [VERSION, POLICY_VERSION],
  );
});
beforeEach(async () => {
  metrics = new Metrics();
  await pool.query('delete from policy_divergences');
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

function aProcess(policy: PolicyConfig, shadow: ShadowJudge): ProcessLeads {
  const resolved: ResolvedConfig = {
    id: VERSION,
    tenantId: 't1' as TenantId,
    version: 1,
    rulesetVersion: 1,
    policyVersion: POLICY_VERSION,
    config: { ...t1, policy },
  };
  return new ProcessLeads(
    leadPipeline(stagesWith({ look: async () => ({ earlier: null, fingerprints: [] }) })),
    new PgLeadStore(pool, new SilentDoorbell(), metrics),
    new OneTenant(resolved),
    new TellDecisions(metrics, silent, new NoDecisionSink(), shadow),
    silent,
  );
}

const aJudge = (): JudgeInShadow =>
  new JudgeInShadow(
    new PgDivergences(pool),
    {
      diverged: (tenant, { active, shadow }) => metrics.policyDivergences.inc({ tenant, active, shadow }),
      dropped: () => metrics.policyShadowDropped.inc(),
    },
    () => 0,
  );

async function aLead(payload: JsonObject): Promise<LeadId> {
  const id = randomUUID() as LeadId;
  await pool.query(
    `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
     values ($1, 't1', 't1/ingest', '/v1/leads/ingest', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
    [id],
  );
  await pool.query(
    `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, rung_at)
     values ($1, 't1', 't1/ingest', $1, $1, 'r', $2, clock_timestamp())`,
    [id, JSON.stringify(payload)],
  );
  return id;
}

const stored = async (ids: readonly LeadId[]): Promise<object[]> =>
  (
    await pool.query<object>(
      `select status, decision, reason_codes, normalized_payload from leads where id = any($1::uuid[]) order by array_position($1::uuid[], id)`,
      [ids],
    )
  ).rows;
const shadowed = (policy: PolicyConfig): PolicyConfig => ({ ...policy, shadow: { state: 'active', mode: 'STRICT' } });

const LEADS: readonly JsonObject[] = [
  { email: 'ann@example.com', phone: '123' },
  { email: 'ben@example.com', phone: '+12025550123' },
  { email: 'cat@example.com', phone: '456' },
  { email: 'no address' },
];

describe('a shadow policy', () => {
  it('counts where it differs and changes no lead', async () => {
    const judge = aJudge();
    const [withShadow, without] = [await Promise.all(LEADS.map(aLead)), await Promise.all(LEADS.map(aLead))];
    const policy: PolicyConfig = { mode: 'SALVAGE', required: ['email'] };
    await aProcess(shadowed(policy), judge).run(withShadow);
    await aProcess(policy, judge).run(without);
    await judge.drain();

    const { rows } = await pool.query<object>(
      `select tenant_id, policy_version, active_decision, shadow_decision, leads::int, last_lead_id = any($1::uuid[]) as one_of_them from policy_divergences`,
      [withShadow],
    );
    expect(rows).toEqual([
      { tenant_id: 't1', policy_version: 4, active_decision: 'WARN', shadow_decision: 'REJECT', leads: 2, one_of_them: true },
    ]);
    expect(await stored(withShadow)).toEqual(await stored(without));
    expect(await metrics.registry.metrics()).toContain('leadgate_policy_divergences_total{tenant="t1",active="WARN",shadow="REJECT"} 2');
  });

  it('adds to what other processes counted', async () => {
    for (let process = 0; process < 3; process += 1) {
      const judge = aJudge();
      await aProcess(shadowed({ mode: 'SALVAGE' }), judge).run([await aLead({ email: 'ann@example.com', phone: '123' })]);
      await judge.drain();
    }
    expect((await pool.query<object>('select leads::int from policy_divergences')).rows).toEqual([{ leads: 3 }]);
  });

  it('delays and breaks no decision while its counts cannot be stored', async () => {
    const judge = new JudgeInShadow({ add: () => Promise.reject(new Error('away')) }, { diverged: () => {}, dropped: () => {} }, () => 0);
    const id = await aLead({ email: 'ann@example.com', phone: '123' });
    await aProcess(shadowed({ mode: 'SALVAGE' }), judge).run([id]);
    await judge.drain();
    expect(await stored([id])).toEqual([
      {
        status: 'KEPT',
        decision: 'WARN',
        reason_codes: ['WARN_INVALID_OPTIONAL_PHONE'],
        normalized_payload: { email: 'ann@example.com' },
      },
    ]);
  });
});

describe('leadgate policy shadow', () => {
  const run = (...words: string[]) => leadgate(['policy', 'shadow', ...words], { DATABASE_URL: database.readonlyUrl });

  it('shows the counts by both decisions', async () => {
    expect((await run('t1')).said).toBe(
      't1: the shadow of policy v4 is active. No lead was counted that it would have decided otherwise.\n',
    );
    const judge = aJudge();
    const id = await aLead({ email: 'ann@example.com', phone: '123' });
    await aProcess(shadowed({ mode: 'SALVAGE' }), judge).run([id]);
    await judge.drain();
    const { code, said } = await run('t1');
    expect(code).toBe(0);
    expect(said).toMatch(/^t1: the shadow of policy v4 is active\.\npolicy {2}decided {2}shadow {2}leads/);
    expect(said).toContain(`v4      WARN     REJECT  1      ${id}`);
    expect(JSON.parse((await run('t1', '--json')).said)).toEqual({
      tenant: 't1',
      policy_version: 4,
      shadow: 'active',
      divergences: [
        { policy_version: 4, active: 'WARN', shadow: 'REJECT', leads: 1, last_lead_id: id, last_seen_at: expect.any(String) as string },
      ],
    });
  });

  it('says when there is no such tenant', async () => {
    expect(await run('nobody')).toMatchObject({
      code: 1,
      said: expect.stringContaining('There is no configuration of a tenant nobody') as string,
    });
  });
});
