import { join } from 'node:path';
import pg from 'pg';
import { eventually, LIMIT_SECONDS } from '../../support/eventually.js';
import { type DemoCrmProcess, makeDataDir, startDemoCrm } from '../../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { demoLead } from './demo-lead.js';
import { GatewaySlot } from './gateway-slot.js';
import { settled } from './settled.js';

export interface WorldOptions {
  readonly redisUrl?: string | undefined;
  readonly env?: Record<string, string>;
  /** Another database than a clone of the template, e.g. in a Postgres that is stopped. */
  readonly database?: Pick<TestDatabase, 'url' | 'ownerUrl' | 'drop'>;
}

export interface Acknowledgement {
  readonly status: number;
  readonly leadId: string;
  readonly replayed: boolean;
}

/** One row as soon as nobody has a session any more but these lives of gateways. Sessions of ours are called `leadgate-<purpose>/<life>`. */
const ONLY_THEIR_SESSIONS = `
  select where not exists (select from pg_stat_activity
                            where datname = current_database() and application_name like 'leadgate-%'
                              and split_part(application_name, '/', 2) <> all ($1::text[]))`;

/** A database, the demo CRM and gateways on them. */
export class FaultWorld {
  readonly slots: GatewaySlot[] = [];

  private constructor(
    readonly folder: Awaited<ReturnType<typeof makeDataDir>>,
    readonly database: Pick<TestDatabase, 'url' | 'ownerUrl' | 'drop'>,
    /** As the owner of the tables. */
    readonly owner: pg.Pool,
    public crm: DemoCrmProcess,
    private readonly options: WorldOptions,
  ) {}

  static async open(options: WorldOptions = {}): Promise<FaultWorld> {
    const folder = await makeDataDir();
    const database = options.database ?? (await createTestDatabase());
    const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
    owner.on('error', () => {
      // Servers of these suites are stopped while connections are idle.
    });
    return new FaultWorld(folder, database, owner, await startDemoCrm(folder.path), options);
  }

  /** @param env of all lives of this gateway */
  slot(env: Record<string, string> = {}): GatewaySlot {
    const slot = new GatewaySlot(`gateway-${this.slots.length + 1}`, {
      databaseUrl: this.database.url,
      redisUrl: this.options.redisUrl,
      dataDir: this.folder.path,
      env: { CUSTOMER_API_URL: `${this.crm.url}/leads`, LEADGATE_RETRY_BASE_SECONDS: '0.05', ...this.options.env, ...env },
    });
    this.slots.push(slot);
    return slot;
  }

  /** What the demo CRM wrote down, one request per line. */
  get crmLedger(): string {
    return join(this.folder.path, 'demo-crm.ndjson');
  }

  async restartCrm(): Promise<void> {
    await this.crm.kill('SIGKILL');
    this.crm = await startDemoCrm(this.folder.path, Number(new URL(this.crm.url).port));
  }

  async rows<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.owner.query<Row>(sql, values)).rows;
  }

  /**
   * Of a process that died Postgres may not know yet: its rows are still locked, and a statement it sent may still be written. From here on
   * neither is so.
   */
  async deadAreGone(): Promise<void> {
    const living = (): string[] => this.slots.filter(({ alive }) => alive).map(({ lifeName }) => lifeName);
    await eventually(
      'the sessions of the dead are over',
      async () => ((await this.owner.query(ONLY_THEIR_SESSIONS, [living()])).rowCount ? true : undefined),
      LIMIT_SECONDS,
      async () => JSON.stringify([living(), await this.rows('select application_name, wait_event, state from pg_stat_activity')]),
    );
  }

  /** Time that leases and rings need to count as lost, without waiting for it: everything in flight has its moment moved back. */
  async timePasses(): Promise<void> {
    await this.deadAreGone();
    await this.moveBack('deliveries', 'lease_until', `clock_timestamp() - interval '1 s'`, `status = 'SENDING'`);
    for (const table of ['leads', 'deliveries']) await this.moveBack(table, 'rung_at', `rung_at - interval '2 min'`, 'true');
  }

  /**
   * Rows that somebody is writing are passed over, so that this never waits for living processes within a transaction, nor they for this in
   * another order; and it comes back to them until each is moved, or has got another moment from whoever wrote it.
   */
  private async moveBack(table: string, column: string, moment: string, where: string): Promise<void> {
    const { rows } = await this.owner.query<{ id: string; moment: string }>(
      `select id, ${column}::text as moment from ${table} where ${column} is not null and ${where}`,
    );
    const flights = [rows.map(({ id }) => id), rows.map((row) => row.moment)];
    const found = `select ${table}.id from ${table} join unnest($1::uuid[], $2::timestamptz[]) flight (id, moment)
                       on flight.id = ${table}.id and flight.moment = ${table}.${column} where ${where}`;
    await eventually(`what is in flight in ${table} has its ${column} moved back`, async () => {
      await this.owner.query(
        `with found as materialized (${found} order by ${table}.id for no key update of ${table} skip locked)
         update ${table} set ${column} = ${moment} from found where ${table}.id = found.id`,
        flights,
      );
      return (await this.owner.query(`${found} limit 1`, flights)).rowCount === 0 ? true : undefined;
    });
  }

  /** Until every lead is at its end or held. */
  async settled(limitSeconds = LIMIT_SECONDS): Promise<void> {
    await settled(this.owner, limitSeconds);
  }

  async until(what: string, sql: string, values: unknown[] = [], limitSeconds = LIMIT_SECONDS): Promise<void> {
    await eventually(what, async () => ((await this.owner.query(sql, values)).rowCount ? true : undefined), limitSeconds);
  }

  async close(): Promise<void> {
    for (const slot of this.slots) {
      if (slot.alive) slot.thaw();
      await slot.kill();
    }
    await this.crm.kill('SIGKILL');
    await this.owner.end();
    await this.database.drop();
    await this.folder.remove();
  }
}

/** @throws when there is no answer */
export async function sendLead(url: string, number: number, key?: string): Promise<Acknowledgement> {
  const answer = await fetch(`${url}/webhooks/leads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: JSON.stringify(demoLead(number)),
  });
  const body = (await answer.json()) as { lead_id?: string };
  return { status: answer.status, leadId: body.lead_id ?? '', replayed: answer.headers.get('idempotent-replayed') === 'true' };
}

/**
 * As a sender does that keeps its promise: 503 means that nothing was taken, so it comes again, with the same key. A machine that is too slow for
 * many at once answers some of them so.
 * @returns the id of the lead
 */
export async function acceptLead(url: string, number: number): Promise<string> {
  return eventually(`lead ${number} is accepted`, async () => {
    const { status, leadId } = await sendLead(url, number, `lead-${number}`);
    if (status !== 200 && status !== 503) throw new Error(`lead ${number} was answered ${status}`);
    return status === 200 ? leadId : undefined;
  });
}
