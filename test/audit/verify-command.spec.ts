import pg from 'pg';
import { appendAuditEvents, AuditChainer } from '#audit';
import type { TenantId } from '#core';
import { createLogger, createPgPool, inTransaction, type Pool } from '#platform';
import { runCli } from '../../apps/cli/src/cli.js';
import { auditVerify } from '../../apps/cli/src/commands/audit-verify.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'test', acquireTimeoutMs: 5000 });
  const tenants = ['one', 'one', 'two'] as TenantId[];
  const events = tenants.map((tenantId) => ({ tenantId, type: 'config.activated', actor: 'cli' }) as const);
  await inTransaction(pool, (client) => appendAuditEvents(client, events));
  await new AuditChainer(pool, createLogger('silent', false)).runOnce();
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** As the read-only role: verifying needs no more. */
async function run(...args: string[]): Promise<{ code: number; said: string; complained: string }> {
  const heard = { said: '', complained: '' };
  const code = await runCli(['audit', 'verify', ...args], [auditVerify], {
    env: { DATABASE_URL: database.readonlyUrl },
    folder: process.cwd(),
    projectRoot: process.cwd(),
    write: (text) => (heard.said += text),
    complain: (text) => (heard.complained += text),
  });
  return { code, ...heard };
}

const headsIn = (said: string): string[] => [...said.matchAll(/^head (\S+)$/gm)].map(([, head]) => head as string);

describe('leadgate audit verify', () => {
  it('says that the trail is whole and prints the heads to keep', async () => {
    const { code, said } = await run();
    expect(code).toBe(0);
    expect(said).toContain('audit trail: whole. 3 events in 2 chains, 0 wait for their place.');
    expect(headsIn(said)).toEqual([expect.stringMatching(/^one:2:[0-9a-f]{64}$/), expect.stringMatching(/^two:1:[0-9a-f]{64}$/)]);
  });

  it('takes kept heads back, in full or as a hash with its tenant', async () => {
    const [one, two] = headsIn((await run()).said) as [string, string];
    expect((await run('--expect-head', one, '--expect-head', two)).code).toBe(0);
    expect((await run('--tenant', 'two', '--expect-head', two.split(':')[2] as string)).code).toBe(0);
    const lost = await run('--expect-head', `one:3:${'0'.repeat(64)}`);
    expect(lost.code).toBe(1);
    expect(lost.said).toContain('its end was cut off');
  });

  it('answers in JSON for programs', async () => {
    const { code, said } = await run('--tenant', 'one', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(said)).toMatchObject({ ok: true, tenants: [{ tenantId: 'one', links: 2, waiting: 0 }], problems: [] });
  });

  it.each([
    [['--tenant'], '--tenant needs its ID'],
    [['--expect-head', 'x'], 'An expected head is <tenant>:<seq>:<hash>'],
    [['--expect-head', '0'.repeat(64)], 'A head without its tenant needs --tenant'],
    [['--tenant', 'two', '--expect-head', `one:1:${'0'.repeat(64)}`], 'another tenant than --tenant names'],
  ])('says what it does not understand in %j', async (args, complaint) => {
    const { code, complained } = await run(...args);
    expect(code).toBe(2);
    expect(complained).toContain(complaint);
  });

  it('names the event that was edited and ends with 1', async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query<{ event_id: string }>(`SELECT event_id FROM audit_chain WHERE tenant_id = 'one' AND seq = 2`);
    await owner.query('ALTER TABLE audit_events DISABLE TRIGGER USER');
    await owner.query(`UPDATE audit_events SET actor = 'operator' WHERE id = $1`, [rows[0]?.event_id]);
    await owner.end();

    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain('audit trail: BROKEN');
    expect(said).toContain(`first: one: event ${rows[0]?.event_id}, number 2, does not fit its hash`);
    expect(JSON.parse((await run('--json')).said)).toMatchObject({ ok: false, problems: [{ kind: 'event_changed', seq: '2' }] });
  });
});
