import pg from 'pg';
import type { JsonObject, LeadId } from '#core';
import { ProcessLeads } from '#pipeline';
import { WEBHOOK, type Answer } from '../support/open-door.js';
import { startIngestionApp, type IngestionApp } from '../support/ingestion-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const good = { address: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' }, house: { is_owner: true }, first_name: 'Ada' };

/** In this order; what each comes to is told by the rows themselves. */
const LEADS: readonly JsonObject[] = [
  { ...good, email: ' Ada@Example.com ', phone: '0160 8912308', solar_offer_type: 'Kaufen', solar_roof_age: 'old' },
  { ...good, email: 'ada@example.com', phone: '0160 8912309' },
  { ...good, email: 'other@example.com', phone: '+49 160 8912308' },
  { ...good, email: 'zip@example.com', phone: '0160 8912310', address: { zip: '12345' } },
  { ...good, email: 'tenant@example.com', phone: '0160 8912311', house: { is_owner: 'true' } },
  { email: 'empty@example.com' },
  { ...good, email: 'no phone' },
  { ...good, email: 'badphone@example.com', phone: '12' },
];

interface Rows {
  readonly leads: object[];
  readonly journeys: object[];
  readonly deliveries: object[];
  readonly claims: object[];
}

describe('a verdict that was waited for is the one that would have been given', () => {
  const opened: { database: TestDatabase; app: IngestionApp; behind: pg.Pool }[] = [];
  afterAll(async () => {
    for (const { database, app, behind } of opened) {
      await app.close();
      await behind.end();
      await database.drop();
    }
  });

  /** Sends the leads one after the other; after each one, it is decided. */
  async function rowsAfter(send: (app: IngestionApp, body: string) => Promise<Answer>): Promise<Rows> {
    const database = await createTestDatabase();
    const behind = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
    behind.on('error', () => {});
    const app = await startIngestionApp(database.url);
    opened.push({ database, app, behind });
    const ids: string[] = [];
    for (const lead of LEADS) ids.push((await send(app, JSON.stringify(lead))).body['lead_id'] as string);

    // Ids and moments differ by nature: ids become the lead's place in the order, moments are left out.
    const told = async (sql: string): Promise<object[]> => {
      const { rows } = await behind.query<{ row: object }>(sql);
      let text = JSON.stringify(rows.map(({ row }) => row));
      for (const [place, id] of ids.entries()) text = text.replaceAll(id, `lead ${place}`);
      return JSON.parse(text) as object[];
    };
    return {
      leads: await told(`SELECT jsonb_build_object('status', status, 'decision', decision, 'reason_codes', reason_codes, 'flags', flags,
        'rejection_reason', rejection_reason, 'normalized', normalized_payload, 'duplicate_of', duplicate_of, 'claimed_until', claimed_until,
        'crash_count', crash_count, 'skipped', duplicate_check_skipped) AS row FROM leads ORDER BY id`),
      journeys:
        await told(`SELECT to_jsonb(journey) - 'id' - 'config_version_id' - 'duration_micros' - 'decided_at' - 'created_at' - 'duplicate_seen_at' - 'stages'
        || jsonb_build_object('stages', (SELECT jsonb_agg(stage - 'durationMicros') FROM jsonb_array_elements(stages) stage)) AS row
        FROM journeys journey ORDER BY lead_id, journey_no`),
      deliveries:
        await told(`SELECT jsonb_build_object('lead', lead_id, 'destination', destination_id, 'status', status, 'payload', payload,
        'omitted', omitted_fields) AS row FROM deliveries ORDER BY lead_id`),
      claims: await told(
        `SELECT jsonb_build_object('lead', lead_id, 'kind', kind, 'tenant', tenant_id) AS row FROM identity_claims ORDER BY lead_id, kind`,
      ),
    };
  }

  it('row by row', async () => {
    const headers = { 'content-type': 'application/json' };
    const decisions: unknown[] = [];
    const sync = await rowsAfter(async (app, body) => {
      const answer = await app.send({ path: WEBHOOK, headers: { ...headers, prefer: 'wait=10' }, body });
      expect(answer.headers['preference-applied']).toBe('wait=10');
      decisions.push(answer.body['decision']);
      return answer;
    });
    const async = await rowsAfter(async (app, body) => {
      const answer = await app.send({ path: WEBHOOK, headers, body });
      expect(answer.body['decision']).toBeUndefined();
      await app.app.get(ProcessLeads, { strict: false }).run([answer.body['lead_id'] as LeadId]);
      return answer;
    });
    expect(sync).toEqual(async);
    expect(sync.leads.map((lead) => (lead as { decision: string }).decision)).toEqual(decisions);
    expect(new Set(decisions)).toEqual(new Set(['PASS', 'DUPLICATE_HINT', 'REJECT']));
    expect([sync.leads.length, sync.journeys.length]).toEqual([LEADS.length, LEADS.length]);
    expect(sync.deliveries.length).toBeGreaterThan(2);
    expect(sync.claims.length).toBeGreaterThan(4);
  });
});
