import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { appendAuditEvents } from '#audit';
import { Doorbell, type JsonObject, type LeadId, sourceIdOf, type TenantId } from '#core';
import { PgClaimIndex } from '#dedup';
import type { KeyRing } from '#keys';
import { leadPipeline, NoDecisionSink, PgLeadStore, PipelineOverClaims, ProcessLeads, TellDecisions } from '#pipeline';
import {
  applyFile,
  type ConfigContext,
  createPgPool,
  draftFile,
  type LoadedFile,
  loadConfigFile,
  Metrics,
  newId,
  ReadFiles,
  readVersion,
} from '#platform';
import { PgWhatIfs, PgWhatIfSteps, RunWhatIfs, type WhatIf, type WhatIfWish } from '#what-if';
import { aTenantFile } from '../../../libs/platform/src/config/testing/a-tenant-file.js';
import { FixedConfig } from '../../dedup/support/guard-world.js';
import { stagesWith } from '../../support/stages.js';
import { createTestDatabase } from '../../support/test-database.js';
import { UNHURRIED } from '../../support/unhurried.js';

export const ACME = 'acme' as TenantId;

/** Two destinations, so that routes can tell them apart. */
export function acmeFile(changes: JsonObject = {}): JsonObject {
  const [crm] = aTenantFile()['destinations'] as JsonObject[];
  return aTenantFile({ destinations: [crm as JsonObject, { ...crm, name: 'archive' }], ...changes });
}

export class RecordingDoorbell extends Doorbell {
  readonly rung: string[] = [];
  override reserveLeads(): boolean {
    return true;
  }
  override reserveDeliveries(): boolean {
    return true;
  }
  override ringLeads(ids: readonly string[]): void {
    this.rung.push(...ids);
  }
  override ringDeliveries(_destination: string, ids: readonly string[]): void {
    this.rung.push(...ids);
  }
}

export interface WhatIfWorld {
  readonly url: string;
  readonly pool: Pool;
  readonly whatIfs: PgWhatIfs;
  /** What was rung for leads that were decided for real. */
  readonly doorbell: RecordingDoorbell;
  /** Makes a version active. @returns its number */
  activate(file: JsonObject): Promise<number>;
  draft(file: JsonObject): Promise<number>;
  /** Stored, undecided leads that came at these moments. */
  leads(...leads: { at: string; payload: JsonObject; source?: string }[]): Promise<LeadId[]>;
  /** Decides them for real, one after the other, under the version that is active. */
  decide(...ids: LeadId[]): Promise<void>;
  start(wish: Partial<WhatIfWish> & { draft: number }): Promise<WhatIf>;
  /** Of a process. @param atTheEnd of a step, before it is committed: may throw */
  runner(atTheEnd?: () => void): RunWhatIfs;
  /** Until it has ended. */
  run(id: string): Promise<WhatIf>;
  end(): Promise<void>;
}

class Breaking extends PgWhatIfSteps {
  constructor(
    pool: Pool,
    private readonly atTheEnd: () => void,
  ) {
    super(pool);
  }
  override next(work: Parameters<PgWhatIfSteps['next']>[0]): Promise<boolean> {
    return super.next(async (step) => {
      await work(step);
      this.atTheEnd();
    });
  }
}

const RING: KeyRing = { current: { id: 'k1', secret: randomBytes(32) }, previous: [] };

export async function createWhatIfWorld(): Promise<WhatIfWorld> {
  const database = await createTestDatabase();
  const pool = createPgPool({ url: database.url, applicationName: 'what-if-spec', max: 6, ...UNHURRIED });
  const claims = createPgPool({ url: database.url, applicationName: 'what-if-claims', max: 2, ...UNHURRIED });
  const folder = mkdtempSync(join(tmpdir(), 'leadgate-what-if-'));
  const context = (): ConfigContext => ({ env: {}, check: () => [], readFile: new ReadFiles(folder).read });
  const whatIfs = new PgWhatIfs(pool, context);
  const doorbell = new RecordingDoorbell();
  const silent = pino({ level: 'silent' });
  const metrics = new Metrics();
  const rings = { ringOf: () => RING };

  const prepared = (file: JsonObject): NonNullable<LoadedFile['prepared']> => {
    const path = join(folder, 'acme.json');
    writeFileSync(path, JSON.stringify(file));
    const loaded = loadConfigFile(path, folder, { env: {}, check: () => [] });
    if (loaded.prepared === undefined) throw new Error(loaded.problems.join('\n'));
    return loaded.prepared;
  };
  const runner = (atTheEnd: () => void = () => {}): RunWhatIfs =>
    new RunWhatIfs(new Breaking(pool, atTheEnd), new PipelineOverClaims((factory) => factory()), rings, (id) =>
      readVersion(pool, id, context()),
    );
  const found = async (id: string): Promise<WhatIf> => (await whatIfs.find('every_tenant', id)) as WhatIf;

  return {
    url: database.url,
    pool,
    whatIfs,
    doorbell,
    activate: async (file) => {
      const result = await applyFile(pool, appendAuditEvents, prepared(file), 'test');
      if (result.kind === 'refused') throw new Error(result.problems.join('\n'));
      return result.version.version;
    },
    draft: async (file) => (await draftFile(pool, appendAuditEvents, prepared(file), 'draft:acme.json')).version.version,
    leads: async (...leads) => {
      const ids: LeadId[] = [];
      for (const { at, payload, source = 'webhook' } of leads) {
        const id = v7({ msecs: new Date(at).getTime() }) as LeadId;
        const request = newId();
        const sourceId = sourceIdOf(ACME, source);
        await pool.query(
          `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
           values ($1, $2, $3, '/in', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
          [request, ACME, sourceId],
        );
        await pool.query(
          `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, received_at)
           values ($1, $2, $3, $4, $4, 'r', $5, $6)`,
          [id, ACME, sourceId, request, JSON.stringify(payload), at],
        );
        ids.push(id);
      }
      return ids;
    },
    decide: async (...ids) => {
      const { rows } = await pool.query<{ id: never }>('select id from config_versions where tenant_id = $1 and active', [ACME]);
      const active = await readVersion(pool, (rows[0] as { id: never }).id, context());
      if (active === undefined || 'problems' in active) throw new Error('no active version');
      const store = new PgLeadStore(pool, doorbell, metrics);
      const index = new PgClaimIndex(claims, rings, silent, metrics);
      const teller = new TellDecisions(metrics, silent, new NoDecisionSink());
      const processLeads = new ProcessLeads(leadPipeline(stagesWith(index)), store, new FixedConfig([active]), teller, silent);
      for (const id of ids) await processLeads.run([id]);
      await store.drain();
    },
    start: async (wish) => {
      const result = await whatIfs.start({
        tenantId: ACME,
        baseline: 'active',
        from: new Date('2026-03-01'),
        to: new Date('2026-04-01'),
        source: null,
        limit: null,
        warmUpHours: null,
        actor: 'cli',
        ...wish,
      });
      if (result.kind === 'refused') throw new Error(result.problems.join('\n'));
      return result.whatIf;
    },
    runner,
    run: async (id) => {
      const one = runner();
      while ((await found(id)).status === 'RUNNING') await one.runOnce();
      return found(id);
    },
    end: async () => {
      await Promise.all([pool.end(), claims.end()]);
      await database.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
