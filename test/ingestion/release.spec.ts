import type { CallerOf } from '#access';
import { sourceIdOf, type InboundRequestId, type JsonObject, type LeadId, type SourceConfig, type SourceId, type TenantId } from '#core';
import { ReleaseRequest, type Release } from '../../libs/ingestion/src/quarantine/release-request.js';
import { guardSource } from '../../libs/ingestion/src/sources/guard/guard.source.js';
import { jsonSource } from '../../libs/ingestion/src/sources/json/json.source.js';
import type { SourceKind } from '../../libs/ingestion/src/sources/source-kind.js';
import { SourceKinds } from '../../libs/ingestion/src/sources/source-kinds.js';
import { inboundOf, startAccepting, submissionOf, type Accepting } from '../support/accepting.js';
import { aSource, GUARD, openDoor, type OpenDoor } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const OPERATOR: CallerOf<'operator'> = { scope: 'operator', keyId: 'admin' };

const guarded = (changes: Partial<SourceConfig> = {}): SourceConfig =>
  aSource({
    name: 'ingest',
    kind: 'guard',
    path: GUARD,
    answers: 'guard',
    idempotency: { ttl_hours: 24, invalid_key: 'ignore', key: 'body_field', field: 'source_id', other_body: 'new_submission' },
    ...changes,
  });

/** `{"leads":[{"id":…},…]}`: each with an id of its own. */
const listKind: SourceKind = {
  kind: 'list',
  label: 'List',
  help: 'For tests.',
  read: ({ bytes }) => {
    const payload = JSON.parse(bytes.toString()) as { leads: JsonObject[] };
    const items = payload.leads.map((lead) => ({ payload: lead, verbatim: false, flags: [], nativeId: (lead['id'] as string) ?? null }));
    return { items, fingerprint: { payload, format: 'json' } };
  },
};
const list = aSource({ name: 'list', kind: 'list', path: '/in/list' });
const webhook = aSource();

describe('a release finds the source anew and doubles nobody', () => {
  let database: TestDatabase;
  let door: OpenDoor;
  let process2: Accepting;
  let releaseRequest: ReleaseRequest;

  beforeAll(async () => {
    database = await createTestDatabase();
    door = await openDoor(database, { sources: [webhook, list, guarded()], tenants: { t1: [guarded()] } });
    process2 = startAccepting(database.url);
    const kinds = new SourceKinds([jsonSource, guardSource, listKind]);
    releaseRequest = new ReleaseRequest({ pool: door.pool, config: door.config, kinds, doorbell: door.doorbell });
  });
  afterAll(async () => {
    await Promise.all([door?.close(), process2?.close()]);
    await database?.drop();
  });

  const release = (id: InboundRequestId, source?: string, caller: CallerOf<'tenant' | 'operator'> = OPERATOR): Promise<Release> =>
    releaseRequest.release(caller, id, (source as SourceId | undefined) ?? null);
  const refusedUnder = async (correlationId: unknown): Promise<InboundRequestId> => {
    const [row] = await door.rows<{ id: InboundRequestId }>('SELECT id FROM inbound_requests WHERE correlation_id = $1', [correlationId]);
    return row?.id as InboundRequestId;
  };
  /** Configures one more tenant with a source on the guard's route. */
  async function configure(tenant: string): Promise<void> {
    await door.rows('INSERT INTO tenants (id, name) VALUES ($1, $1)', [tenant]);
    await door.rows(`INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ($1, $2, 'ingest', 'guard', $3)`, [
      sourceIdOf(tenant, 'ingest'),
      tenant,
      GUARD,
    ]);
    door.config.tenantSources = { ...door.config.tenantSources, [tenant]: [guarded()] };
  }
  async function keep(sent: Parameters<typeof inboundOf>[0], changes: object = {}): Promise<InboundRequestId> {
    const inbound = { ...inboundOf(sent), ...changes };
    await door.accept.keep({ kind: 'refused', inbound, status: 401, verdict: 'missing_authentication', detail: 'For the test.' });
    return inbound.id;
  }

  it('a request for a tenant that is configured later becomes its lead', async () => {
    const body = { tenant_id: 'later', source_id: 's-1', email: 'later@example.com' };
    const answer = await door.post(body, {}, GUARD);
    expect(answer.status).toBe(404);
    const id = await refusedUnder(answer.headers['x-correlation-id']);
    const [kept] = await door.rows('SELECT tenant_id, source_id, verdict, body_text FROM inbound_requests WHERE id = $1', [id]);
    expect(kept).toEqual({ tenant_id: null, source_id: null, verdict: 'unknown_tenant', body_text: JSON.stringify(body) });
    await expect(release(id)).rejects.toMatchObject({ status: 409, code: 'source_unknown' });

    await configure('later');
    const [{ leadId, created }] = await release(id);
    expect(created).toBe(true);
    const [lead] = await door.rows(
      'SELECT tenant_id, source_id, payload, sender_key_sha256 = sha256($2) AS keyed FROM leads WHERE id = $1',
      [leadId, Buffer.from('s-1')],
    );
    expect(lead).toEqual({ tenant_id: 'later', source_id: 'later/ingest', payload: body, keyed: true });
    expect(await door.rows('SELECT tenant_id, source_id, released_lead_ids FROM inbound_requests WHERE id = $1', [id])).toEqual([
      { tenant_id: 'later', source_id: 'later/ingest', released_lead_ids: [leadId] },
    ]);
    expect(door.doorbell.rung).toContain(leadId);
    expect(await release(id)).toEqual([{ leadId, created: false }]);
  });

  it('its sender, who sent again once the tenant was there, is not doubled', async () => {
    const body = { tenant_id: 'resent', source_id: 's-2', email: 'again@example.com' };
    const id = await refusedUnder((await door.post(body, {}, GUARD)).headers['x-correlation-id']);
    await configure('resent');
    const submission = submissionOf({ source: guarded(), body });
    const again = {
      ...submission,
      inbound: { ...submission.inbound, tenantId: 'resent' as TenantId, sourceId: sourceIdOf('resent', 'ingest') },
    };
    const { items } = await process2.accept.accept(again);
    expect(items).toMatchObject([{ kind: 'accepted' }]);
    expect(await release(id)).toEqual([{ leadId: again.items[0].leadId, created: false }]);
    expect(await door.rows(`SELECT 1 FROM leads WHERE tenant_id = 'resent'`)).toHaveLength(1);
  });

  it('a tenant can neither find nor release what belongs to nobody', async () => {
    const answer = await door.post({ tenant_id: 'stranger', email: 'a@example.com' }, {}, GUARD);
    const id = await refusedUnder(answer.headers['x-correlation-id']);
    const tenant: CallerOf<'tenant'> = { scope: 'tenant', keyId: 'k', tenantId: 'demo' as TenantId };
    await expect(release(id, 'demo/ingest', tenant)).rejects.toMatchObject({ status: 404 });
  });

  it('an operator may name the source of a request that does not say whose it is', async () => {
    const id = await keep({ source: guarded(), body: { tenant_id: 't1', email: 'named@example.com' } }, { tenantId: null, sourceId: null });
    await expect(release(id, 'demo/webhook')).rejects.toMatchObject({ status: 409, code: 'source_unknown' });
    const [{ leadId }] = await release(id, 'demo/ingest');
    expect(await door.rows('SELECT source_id FROM leads WHERE id = $1', [leadId])).toEqual([{ source_id: 'demo/ingest' }]);
  });

  it('but not move one to another source than it came to', async () => {
    const id = await keep({ source: webhook, body: { a: 1 } });
    await expect(release(id, 'demo/list')).rejects.toMatchObject({ status: 409, code: 'source_known' });
    expect(await release(id, 'demo/webhook')).toMatchObject([{ created: true }]);
  });

  it('a route that is gone is said', async () => {
    const id = await keep({ source: webhook, body: { a: 1 } }, { tenantId: null, sourceId: null, route: '/in/gone' });
    await expect(release(id)).rejects.toMatchObject({ status: 409, code: 'source_gone' });
  });

  it('the only source of a route needs no name', async () => {
    const id = await keep({ source: webhook, body: { a: 1 } }, { tenantId: null, sourceId: null });
    expect(await release(id)).toMatchObject([{ created: true }]);
  });

  it('a request with several leads becomes those that are not there yet', async () => {
    const body: JsonObject = {
      leads: [{ id: 'n-1', n: 1 }, { id: 'n-2', n: 2 }, { n: 3 }],
    };
    const id = await keep({ source: list, body });
    const meanwhile = await process2.accept.accept(
      submissionOf({ source: list, body: { leads: [{ id: 'n-2', n: 2 }] }, leads: [{ nativeId: 'n-2', payload: { n: 2 } }] }),
    );
    const [item] = meanwhile.items;
    const released = await release(id);
    expect(released.map(({ created }) => created)).toEqual([true, false, true]);
    expect(released[1]?.leadId).toBe(item?.kind === 'accepted' ? item.leadId : null);
    expect(
      await door.rows('SELECT id, item_no, native_id, payload FROM leads WHERE inbound_request_id = $1 ORDER BY item_no', [id]),
    ).toEqual([
      { id: released[0].leadId, item_no: 0, native_id: 'n-1', payload: { id: 'n-1', n: 1 } },
      { id: released[2]?.leadId, item_no: 2, native_id: null, payload: { n: 3 } },
    ]);
    const ids: LeadId[] = released.map(({ leadId }) => leadId);
    const events = await door.rows(`SELECT lead_id FROM audit_events WHERE type = 'request.released' AND lead_id = ANY ($1)`, [ids]);
    expect(events).toHaveLength(3);
    expect(await release(id)).toEqual(ids.map((leadId) => ({ leadId, created: false })));
  });

  it('released eight times at the same moment: the same leads', async () => {
    const id = await keep({ source: list, body: { leads: [{ n: 1 }, { n: 2 }] } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => release(id)));
    expect(new Set(answers.map((leads) => leads.map(({ leadId }) => leadId).join())).size).toBe(1);
    expect(answers.flat().filter(({ created }) => created)).toHaveLength(2);
  });

  it('a secret that was overwritten stays overwritten in the lead', async () => {
    const id = await keep({ source: webhook, body: { google_key: '******', email: 'g@example.com' } });
    const [{ leadId }] = await release(id);
    expect(await door.rows('SELECT payload FROM leads WHERE id = $1', [leadId])).toEqual([
      { payload: { google_key: '******', email: 'g@example.com' } },
    ]);
  });
});
