import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { parse } from 'yaml';
import type { JsonObject } from '#core';
import { aTenantFile } from '../../../libs/core/src/config/testing/a-tenant-file.js';
import { eventually } from '../../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../../support/gateway-process.js';
import { ScriptedCrm } from '../../support/scripted-crm.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { FakeGraph } from './fake-graph.js';

const APP_SECRET = 'app-secret-canary';
export const PAGE_TOKEN = 'page-token-canary';

export interface LeadView {
  readonly status: string;
  readonly hold_reason: string | null;
  readonly flags: readonly string[];
  readonly payload: JsonObject;
  readonly journeys: readonly { journey_no: number; outcome: string; reason: string | null }[];
  readonly deliveries: readonly {
    purpose: string;
    destination: string;
    epoch: number;
    status: string;
    last_error: string | null;
    payload: JsonObject;
    attempts: readonly { outcome: string | null; status_code: number | null; error_code: string | null; sent_state: string }[];
  }[];
  readonly transitions: readonly { from: string | null; to: string; reason: string | null }[];
}

/** The source of the guide (docs/guides/add-a-source.md) with Graph on this machine. */
function guideSource(baseUrl: string): JsonObject {
  const guide = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'guides', 'add-a-source.md'), 'utf8');
  const [, yaml = ''] = /^```yaml\n([^]*?)^```$/m.exec(guide) ?? [];
  const source = (parse(yaml) as { sources: JsonObject[] }).sources.find(({ kind }) => kind === 'meta') as JsonObject;
  return { ...source, fetch: { ...(source['fetch'] as JsonObject), base_url: baseUrl, retry_multiples: [1, 2, 4] } };
}

/** A tenant with a Meta source and a CRM, a gateway, and Meta on the other side. The gap after a failed attempt is 0.1 s. */
export class MetaWorld {
  private readonly gateways: GatewayProcess[] = [];

  private constructor(
    private readonly database: TestDatabase,
    private readonly folder: Awaited<ReturnType<typeof makeDataDir>>,
    readonly sql: pg.Pool,
    readonly graph: FakeGraph,
    readonly crm: ScriptedCrm,
  ) {}

  static async create(): Promise<MetaWorld> {
    const [database, folder, graph, crm] = await Promise.all([
      createTestDatabase(),
      makeDataDir(),
      FakeGraph.start(PAGE_TOKEN),
      ScriptedCrm.start(),
    ]);
    const file = aTenantFile({
      sources: [guideSource(graph.baseUrl)],
      'rules.profiles.0.rules.0.field': ['address.zip'],
      'mappings.0.fields': [
        { target: 'phone', from: ['phone_number'], as: 'text', required_as: 'phone' },
        { target: 'email', from: ['email'], as: 'text' },
        { target: 'zip', from: ['address.zip'], as: 'text' },
        { target: 'attributes', fact: 'attributes' },
      ],
      'normalisation.phone': ['phone_number'],
      'destinations.0.url': crm.url,
      'destinations.0.authentication.token': 'env:CRM_TOKEN',
    });
    mkdirSync(join(folder.path, 'config'));
    writeFileSync(join(folder.path, 'config', 'acme.json'), JSON.stringify(file));
    const sql = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    sql.on('error', () => {
      // `end` does not wait for the sockets, so the database may be dropped under one that is still closing.
    });
    return new MetaWorld(database, folder, sql, graph, crm);
  }

  async startGateway(env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await startGateway({
      databaseUrl: this.database.url,
      dataDir: this.folder.path,
      env: {
        LEADGATE_CONFIG: join(this.folder.path, 'config'),
        META_APP_SECRET: APP_SECRET,
        META_VERIFY_TOKEN: 'meatyhamhock',
        META_PAGE_TOKEN: PAGE_TOKEN,
        CRM_TOKEN: 'crm-token',
        // Meta and the CRM of these tests.
        LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
        ...env,
      },
    });
    this.gateways.push(gateway);
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    return gateway;
  }

  /** A webhook as Meta sends it. @returns the ids of its leads, in its order */
  async webhook(gateway: GatewayProcess, ...ids: string[]): Promise<string[]> {
    const changes = ids.map((id) => ({
      field: 'leadgen',
      value: { leadgen_id: id, page_id: '51044', form_id: '5511', created_time: 1447342026 },
    }));
    const body = JSON.stringify({ object: 'page', entry: [{ id: '51044', time: 1447342027, changes }] });
    const signature = `sha256=${createHmac('sha256', APP_SECRET).update(body).digest('hex')}`;
    const response = await gateway.post('/in/acme/facebook', body, { 'x-hub-signature-256': signature });
    const answer = (await response.json()) as { leads: string[] };
    if (response.status !== 200) throw new Error(`${response.status}: ${JSON.stringify(answer)}`);
    return answer.leads;
  }

  lead(gateway: GatewayProcess, id: string): Promise<LeadView> {
    return gateway.read<LeadView>(`/v1/leads/${id}`);
  }

  /** Waits until the lead is so. */
  until(gateway: GatewayProcess, id: string, what: string, is: (lead: LeadView) => boolean): Promise<LeadView> {
    return eventually(`lead ${id} is ${what}`, async () => {
      const lead = await this.lead(gateway, id);
      return is(lead) ? lead : undefined;
    });
  }

  /** As a person's replay does it. */
  async reprocess(id: string): Promise<void> {
    await this.sql.query(`update leads set status = 'RECEIVED', hold_reason = null, rung_at = null where id = $1`, [id]);
  }

  sentTo(id: string): unknown[] {
    return this.crm.requests.filter(({ body }) => body.includes(id)).map(({ body }) => JSON.parse(body) as unknown);
  }

  async close(): Promise<void> {
    for (const gateway of this.gateways) await gateway.kill('SIGKILL');
    await Promise.all([this.graph.close(), this.crm.close(), this.sql.end()]);
    await this.database.drop();
    await this.folder.remove();
  }
}
