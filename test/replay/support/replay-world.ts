import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { PROJECT_ROOT } from '../../support/child-process.js';
import { eventually } from '../../support/eventually.js';
import {
  ADMIN_KEY,
  type DemoCrmProcess,
  type GatewayProcess,
  makeDataDir,
  patient,
  startDemoCrm,
  startGateway,
} from '../../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

export const LEAD = {
  email: 'john.doe@example.com',
  phone: '0160 8912308',
  first_name: 'John',
  last_name: 'Doe',
  address: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' },
  house: { is_owner: true },
};

export interface LeadStory {
  readonly id: string;
  readonly status: string;
  readonly hold_reason: string | null;
  readonly journeys: readonly { journey_no: number; outcome: string }[];
  readonly deliveries: readonly {
    id: string;
    destination: string;
    epoch: number;
    status: string;
    idempotency_key: string;
    payload: unknown;
    failure_class: string | null;
    superseded_at: string | null;
    attempts: readonly { attempt_no: number; outcome: string | null }[];
  }[];
  readonly transitions: readonly { from: string | null; to: string; actor: string; reason: string | null }[];
}

export interface ReplayStory {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly replayed: number;
  readonly skipped: number;
  readonly skipped_because: Record<string, number>;
  readonly rate_per_second: number;
  readonly remaining: number;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly location: string | null;
  readonly requestId: string;
}

/** A database, a demo CRM, a folder of configuration of one's own, and any number of gateways. */
export class ReplayWorld {
  private readonly gateways: GatewayProcess[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly sql: pg.Pool,
    readonly crm: DemoCrmProcess,
    readonly folder: string,
    private readonly removeFolder: () => Promise<void>,
  ) {}

  static async create(): Promise<ReplayWorld> {
    const folder = await makeDataDir();
    const database = await createTestDatabase();
    const sql = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    sql.on('error', () => {
      // `end` does not wait for the sockets, so the database may be dropped under one that is still closing.
    });
    cpSync(join(PROJECT_ROOT, 'config'), join(folder.path, 'config'), { recursive: true });
    return new ReplayWorld(database, sql, await startDemoCrm(folder.path), folder.path, folder.remove);
  }

  async gateway(env: Record<string, string> = {}): Promise<GatewayProcess> {
    const gateway = await startGateway({
      databaseUrl: this.database.url,
      dataDir: this.folder,
      env: { CUSTOMER_API_URL: `${this.crm.url}/leads`, LEADGATE_CONFIG: join(this.folder, 'config'), ...env },
    });
    this.gateways.push(gateway);
    await eventually('the gateway is ready', async () => ((await fetch(`${gateway.url}/health/ready`)).ok ? true : undefined));
    return gateway;
  }

  /** Changes the demo tenant's file; a gateway that follows it takes it up by itself. */
  async changeConfig(gateway: GatewayProcess, change: (text: string) => string): Promise<void> {
    const file = join(this.folder, 'config', 'demo.yaml');
    const before = await this.activeVersion();
    const text = readFileSync(file, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error('The change changes nothing.');
    writeFileSync(file, changed);
    const version = await eventually('the new version is active', async () => {
      const now = await this.activeVersion();
      return now > before ? now : undefined;
    });
    await eventually('the gateway follows it', async () => {
      const { rows } = await this.sql.query<{ n: number }>(
        `select count(*)::int as n from config_versions where tenant_id = 'demo' and version = $1`,
        [version],
      );
      return rows[0]?.n === 1 && gateway.output().includes(`"version":${version}`) ? true : undefined;
    });
  }

  private async activeVersion(): Promise<number> {
    const { rows } = await this.sql.query<{ version: number }>(`select version from config_versions where tenant_id = 'demo' and active`);
    return rows[0]?.version ?? 0;
  }

  async post(gateway: GatewayProcess, lead: object = {}): Promise<string> {
    const response = await gateway.post('/webhooks/leads', { ...LEAD, ...lead });
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return ((await response.json()) as { lead_id: string }).lead_id;
  }

  lead(gateway: GatewayProcess, id: string): Promise<LeadStory> {
    return gateway.read<LeadStory>(`/v1/leads/${id}`);
  }

  until(gateway: GatewayProcess, id: string, ...statuses: string[]): Promise<LeadStory> {
    return eventually(`lead ${id} is ${statuses.join(' or ')}`, async () => {
      const lead = await this.lead(gateway, id);
      return statuses.includes(lead.status) ? lead : undefined;
    });
  }

  /** @param statuses of its deliveries, in alphabetical order */
  untilDeliveries(gateway: GatewayProcess, id: string, statuses: readonly string[]): Promise<LeadStory> {
    return eventually(`the deliveries of lead ${id} are ${statuses.join(' and ')}`, async () => {
      const lead = await this.lead(gateway, id);
      return `${lead.deliveries.map(({ status }) => status).sort()}` === `${statuses}` ? lead : undefined;
    });
  }

  ask(gateway: GatewayProcess, path: string, body?: unknown): Promise<Answer> {
    return patient(`POST ${path}`, () => this.askOnce(gateway, path, body));
  }

  async askOnce(gateway: GatewayProcess, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      body: (await response.json()) as Record<string, unknown>,
      location: response.headers.get('location'),
      requestId: response.headers.get('x-request-id') ?? '',
    };
  }

  /** @param most the counts may stop before: a fact about the replay is waited for */
  untilReplay(gateway: GatewayProcess, id: string, is: (replay: ReplayStory) => boolean): Promise<ReplayStory> {
    return eventually(`replay ${id}`, async () => {
      const replay = await gateway.read<ReplayStory>(`/v1/replays/${id}`);
      return is(replay) ? replay : undefined;
    });
  }

  async end(): Promise<void> {
    for (const gateway of this.gateways) await gateway.kill('SIGKILL');
    await this.crm.kill();
    await this.sql.end();
    await this.database.drop();
    await this.removeFolder();
  }
}
