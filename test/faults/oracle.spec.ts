import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { copyDatabase } from '../support/test-database.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import { AT_THE_CRM, type CrmLine, type Harm, IN_POSTGRES, LEADS, type Name, NEW, TO_SENDERS } from './support/harms.js';
import { judge, type Judged } from './support/oracle.js';

/** One run in which everything held; of each harm done to a copy of its ledgers the oracle must speak. */
describe('the oracle', () => {
  let world: FaultWorld;
  const people = new Map<number, string>();
  const idOf = (name: Name): string => people.get(LEADS.indexOf(name) + 1) ?? '';

  beforeAll(async () => {
    world = await FaultWorld.open();
    const gateway = world.slot();
    await gateway.start();
    const modes: Partial<Record<Name, string>> = { retried: '500', unknown: 'reset', refused: '400' };
    for (const [n, name] of LEADS.entries()) {
      const mode = modes[name];
      if (mode !== undefined) await world.crm.mode({ mode, times: 1 });
      people.set(n + 1, await acceptLead(gateway.url, n + 1));
      await world.settled();
    }
    await world.until('the trail is sealed', `select where not exists (select from audit_unchained)`);
    await gateway.kill('SIGTERM');
  });
  afterAll(() => world?.close());

  async function judged({ sql, crm, acknowledged }: Partial<Harm>): Promise<string[]> {
    const copy = await copyDatabase(world.database);
    const owner = new pg.Pool({ connectionString: copy.ownerUrl, max: 2 });
    const crmLedger = join(world.folder.path, 'harmed.ndjson');
    const run = { acknowledged: [...people.values()], people };
    try {
      if (sql !== undefined) await harm(copy.superuserUrl, sql);
      await copyFile(world.crmLedger, crmLedger);
      if (crm !== undefined) await rewrite(crmLedger, crm);
      const harmed: Judged = { ...parts(), crmLedger, owner, database: copy };
      return await judge(harmed, acknowledged?.(run) ?? run);
    } finally {
      await owner.end();
      await copy.drop();
    }
  }

  const parts = () => ({ owner: world.owner, database: world.database, folder: world.folder, slots: world.slots });

  async function harm(superuserUrl: string, sql: string): Promise<void> {
    const client = new pg.Client({ connectionString: superuserUrl });
    await client.connect();
    try {
      const named = LEADS.reduce((text, name) => text.replaceAll(`:${name}`, idOf(name)), sql).replaceAll(':new', NEW);
      // No foreign key and no trigger is in the way, and the chain is told of nothing.
      const results = await client.query(`set session_replication_role = replica; ${named}`);
      const changed = [results].flat().reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
      if (changed === 0) throw new Error(`This harms nothing: ${sql}`);
    } finally {
      await client.end();
    }
  }

  async function rewrite(file: string, change: NonNullable<Harm['crm']>): Promise<void> {
    const lines = (await readFile(file, 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as CrmLine);
    const of = (name: Name): CrmLine[] => lines.filter(({ body }) => body.meta_attributes.unique_id === idOf(name));
    await writeFile(
      file,
      change(lines, of)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
  }

  it('says nothing of a run in which everything held', async () => {
    expect(await judged({})).toEqual([]);
    const statuses = await world.rows<{ status: string }>('select status from leads order by id');
    expect(statuses.map(({ status }) => status)).toEqual(['DELIVERED', 'DELIVERED', 'DELIVERED', 'DELIVERED', 'PERMANENTLY_FAILED']);
  });

  it.each(IN_POSTGRES)('finds in Postgres: $what', async (one) => {
    expect(await judged(one)).toContainEqual(expect.stringMatching(one.says));
  });

  it.each(AT_THE_CRM)('finds at the CRM: $what', async (one) => {
    expect(await judged(one)).toContainEqual(expect.stringMatching(one.says));
  });

  it.each(TO_SENDERS)('finds of what senders were answered: $what', async (one) => {
    expect(await judged(one)).toContainEqual(expect.stringMatching(one.says));
  });

  it('does not pass over a line of the CRM that cannot be read', async () => {
    const file = join(world.folder.path, 'torn.ndjson');
    const [first = '', ...rest] = (await readFile(world.crmLedger, 'utf8')).split('\n');
    await writeFile(file, [first.slice(0, 20), ...rest].join('\n'));
    await expect(judge({ ...parts(), crmLedger: file }, { acknowledged: [] })).rejects.toThrow('line 1 cannot be read');
  });
});
