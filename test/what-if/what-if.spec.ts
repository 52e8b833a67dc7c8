import type { JsonObject } from '#core';
import type { WhatIf } from '#what-if';
import { ACME, acmeFile, createWhatIfWorld, type WhatIfWorld } from './support/what-if-world.js';

let world: WhatIfWorld;
beforeEach(async () => {
  world = await createWhatIfWorld();
});
afterEach(() => world.end());

const lead = (at: string, payload: JsonObject = {}): { at: string; payload: JsonObject } => ({
  at: `2026-${at}Z`,
  payload: { email: 'ann@example.com', zip: '66123', ...payload },
});
const differencesOf = async (id: string, kind?: 'decision' | 'duplicate' | 'route' | 'payload' | 'recorded') =>
  (await world.whatIfs.differences(id, { ...(kind === undefined ? {} : { kind }), limit: 5000 })).differences;
const rulesOf = (...rules: JsonObject[]): JsonObject => ({ active: 'standard', profiles: [{ name: 'standard', rules }] });
const NO_ZIP = { code: 'NO_ZIP', field: ['zip'], check: 'present' };
const ZIP_66 = { code: 'ZIP_NOT_66', field: ['zip'], check: 'matches', pattern: '66[0-9]{3}' };

/** Everything in the database but the rows of what-ifs: tables with their number of rows and a hash over them. */
async function everythingElse(): Promise<Record<string, string>> {
  const { rows } = await world.pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not like 'what_if%'
        and has_table_privilege(oid, 'select') order by relname`,
  );
  const states: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: hash } = await world.pool.query<{ state: string }>(
      `select count(*) || ' ' || coalesce(md5(string_agg(one::text, '|' order by one::text)), '') as state from "${name}" one`,
    );
    states[name] = hash[0]?.state ?? '';
  }
  return states;
}

describe('a what-if', () => {
  it('finds the decisions that a rule would change', async () => {
    const compared = await world.activate(acmeFile());
    const [stays, goes] = await world.leads(lead('03-02T10:00:00', { email: 'a@example.com' }), lead('03-03T10:00:00', { zip: '53111' }));
    const draft = await world.draft(acmeFile({ rules: rulesOf(NO_ZIP, ZIP_66) }));
    const done = await world.run((await world.start({ draft })).id);
    expect(done).toMatchObject({
      status: 'FINISHED',
      comparedVersion: compared,
      draftVersion: draft,
      total: 2,
      done: 2,
      summary: {
        changed: 1,
        decisions: { 'PASS → REJECT ZIP_NOT_66': 1 },
        routes: { crm: { more: 0, fewer: 1 }, archive: { more: 0, fewer: 1 } },
      },
    });
    expect(stays).toBeDefined();
    expect(await differencesOf(done.id)).toEqual([
      {
        leadId: goes,
        kind: 'decision',
        subject: '',
        before: { decision: 'PASS', outcome: 'continue', reason_codes: [] },
        after: { decision: 'REJECT', outcome: 'reject', reason_codes: ['ZIP_NOT_66'] },
      },
      {
        leadId: goes,
        kind: 'route',
        subject: '',
        before: { destinations: ['archive', 'crm'], failing: [] },
        after: { destinations: [], failing: [] },
      },
    ]);
  });

  it('finds new duplicates, those that are none any more and those of another lead', async () => {
    await world.activate(acmeFile());
    const [first, , third] = await world.leads(
      lead('03-02T10:00:00', { email: 'a@example.com', phone: '+491608912308' }),
      lead('03-02T11:00:00', { email: 'a@example.com', phone: '+491608912309' }),
      lead('03-02T12:00:00', { email: 'b@example.com', phone: '+491608912308' }),
    );
    const draft = await world.draft(acmeFile({ dedup: { identities: ['phone'], window_hours: 24, on_duplicate: 'deliver' } }));
    const done = await world.run((await world.start({ draft })).id);
    expect(done.summary.duplicates).toEqual({ new: 1, gone: 1, other: 0 });
    expect((await differencesOf(done.id, 'duplicate')).find(({ leadId }) => leadId === third)).toMatchObject({
      before: { lead_id: null, matched_on: null },
      after: { lead_id: first, matched_on: 'phone' },
    });
  });

  it('counts a lead as earlier by the moment it came, also one before the period, and no longer than the window', async () => {
    await world.activate(acmeFile());
    await world.leads(lead('02-28T22:00:00'), lead('03-01T10:00:00'), lead('03-05T10:00:00'));
    const [compared, draft] = [acmeFile(), acmeFile({ dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'reject' } })];
    expect(compared).not.toEqual(draft);
    const version = await world.draft(draft);
    const warm = await world.run((await world.start({ draft: version })).id);
    expect(warm).toMatchObject({
      total: 2,
      done: 2,
      summary: { notCompared: 1, decisions: { 'DUPLICATE_HINT duplicate_confirmed → REJECT duplicate_confirmed': 1 } },
    });
    const cold = await world.run((await world.start({ draft: version, warmUpHours: 0 })).id);
    expect(cold.summary).toMatchObject({ notCompared: 0, decisions: {} });
  });

  it('finds what fields of which payload change, by name and without values', async () => {
    await world.activate(acmeFile());
    await world.leads(lead('03-02T10:00:00', { name: 'Ann Canary' }));
    const fields = [
      { target: 'contact.mail', from: ['email'] },
      { target: 'name', from: ['name'] },
    ];
    const draft = await world.draft(acmeFile({ mappings: [{ name: 'crm', fields }] }));
    const done = await world.run((await world.start({ draft })).id);
    const found = await differencesOf(done.id);
    expect(found).toMatchObject(
      ['archive', 'crm'].map((subject) => ({
        kind: 'payload',
        subject,
        before: { removed: ['email'] },
        after: { added: ['contact.mail', 'name'], changed: [] },
      })),
    );
    expect(JSON.stringify([found, done])).not.toMatch(/Canary|ann@example/);
    expect(done.summary.payloads).toEqual({
      crm: { email: 1, 'contact.mail': 1, name: 1 },
      archive: { email: 1, 'contact.mail': 1, name: 1 },
    });
  });

  it('finds who is sent a lead and who no longer is', async () => {
    await world.activate(acmeFile());
    await world.leads(lead('03-02T10:00:00', { premium: 'yes' }), lead('03-02T11:00:00', { email: 'b@example.com' }));
    const routes: JsonObject[] = [
      { when: [], to: ['crm'] },
      { when: [{ field: ['premium'], check: 'present' }], to: ['archive'] },
    ];
    const draft = await world.draft(acmeFile({ routes }));
    const done = await world.run((await world.start({ draft })).id);
    expect(done.summary.routes).toEqual({ crm: { more: 0, fewer: 0 }, archive: { more: 0, fewer: 1 } });
  });

  it('touches nothing: no row of any other table, no ring', async () => {
    await world.activate(acmeFile());
    const ids = await world.leads(
      lead('03-02T10:00:00'),
      lead('03-02T11:00:00'),
      lead('03-02T12:00:00', { zip: null }),
      lead('03-02T13:00:00', { email: 'x' }),
    );
    await world.decide(...ids.slice(0, 3));
    const { id } = await world.start({ draft: await world.draft(acmeFile({ rules: rulesOf(ZIP_66) })) });
    const [before, rung] = [await everythingElse(), [...world.doorbell.rung].length];
    expect((await world.run(id)).status).toBe('FINISHED');
    expect(await everythingElse()).toEqual(before);
    expect([...world.doorbell.rung].length).toBe(rung);
    expect(before['leads']).toMatch(/^4 /);
  });

  it('tells the draft’s doing from what the configuration did since', async () => {
    await world.activate(acmeFile({ rules: rulesOf(NO_ZIP, ZIP_66) }));
    const ids = await world.leads(lead('03-02T10:00:00', { zip: '53111' }));
    await world.decide(...ids);
    await world.activate(acmeFile());
    const draft = await world.draft(acmeFile({ name: 'Only the name differs' }));
    const active = await world.run((await world.start({ draft })).id);
    expect(active.summary).toMatchObject({ changed: 0, recordedOtherwise: 1 });
    const recorded = await world.run((await world.start({ draft, baseline: 'recorded' })).id);
    expect(recorded.summary).toMatchObject({ changed: 1, decisions: { 'REJECT ZIP_NOT_66 → PASS': 1 } });
    expect(await differencesOf(recorded.id, 'recorded')).toHaveLength(1);
  });

  it('finds nothing where the draft says what was recorded', async () => {
    await world.activate(acmeFile());
    await world.decide(...(await world.leads(lead('03-02T10:00:00'), lead('03-02T10:00:01', { email: 'b@example.com' }))));
    const draft = await world.draft(acmeFile({ name: 'Only the name differs' }));
    const done = await world.run((await world.start({ draft, baseline: 'recorded' })).id);
    expect(done.summary).toMatchObject({ changed: 0, recordedOtherwise: 0 });
  });

  it('passes over erased leads and those that killed processes', async () => {
    await world.activate(acmeFile());
    const [erased, poison] = await world.leads(lead('03-02T10:00:00'), lead('03-02T11:00:00'), lead('03-02T12:00:00'));
    await world.pool.query(`update leads set status = 'ERASED', payload = '{}' where id = $1`, [erased]);
    await world.pool.query(`update leads set status = 'HELD', hold_reason = 'poison' where id = $1`, [poison]);
    const draft = await world.draft(acmeFile({ name: 'Another' }));
    expect(await world.run((await world.start({ draft })).id)).toMatchObject({ total: 2, done: 2, summary: { poison: 1, broken: 0 } });
  });

  it('compares one source or the first leads only, and still knows the others as earlier ones', async () => {
    const [webhook] = acmeFile()['sources'] as JsonObject[];
    const sources = [webhook as JsonObject, { ...webhook, name: 'form', path: '/in/form' }];
    await world.activate(acmeFile({ sources }));
    const leads = [lead('03-02T10:00:00'), { ...lead('03-02T11:00:00'), source: 'form' }, { ...lead('03-02T12:00:00'), source: 'form' }];
    await world.leads(...leads);
    const draft = await world.draft(acmeFile({ sources, dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'reject' } }));
    const form = await world.run((await world.start({ draft, source: 'form' })).id);
    expect(form).toMatchObject({ total: 2, done: 2, summary: { changed: 2, notCompared: 1 } });
    const first = await world.run((await world.start({ draft, limit: 2 })).id);
    expect(first).toMatchObject({ total: 2, done: 2, summary: { changed: 1 } });
  });

  it('ends with a reason where a version cannot be used', async () => {
    await world.activate(acmeFile());
    const draft = await world.draft(acmeFile({ name: 'Another' }));
    const { id } = await world.start({ draft });
    await world.pool.query(`update config_versions set content = content - 'dedup' where version = $1`, [draft]);
    expect(await world.run(id)).toMatchObject({
      status: 'FAILED',
      problem: expect.stringContaining(`the draft ${draft}: dedup`) as string,
    });
  });
});

describe('many leads', () => {
  const LEADS = 230;
  /** Every third is a duplicate of the one before it. */
  const many = (): { at: string; payload: JsonObject }[] =>
    Array.from({ length: LEADS }, (_, n) => {
      const at = new Date(Date.parse('2026-03-02T00:00:00Z') + n * 60_000).toISOString();
      return { at, payload: { email: `p${n - (n % 3 === 2 ? 1 : 0)}@example.com`, zip: n % 5 === 0 ? '53111' : '66123' } };
    });
  const draftFile = (): JsonObject =>
    acmeFile({ rules: rulesOf(NO_ZIP, ZIP_66), dedup: { identities: ['email'], window_hours: 24, on_duplicate: 'reject' } });

  async function inPeace(draft: number): Promise<{ run: WhatIf; differences: unknown[] }> {
    const run = await world.run((await world.start({ draft })).id);
    return { run, differences: [...(await differencesOf(run.id))] };
  }

  it('are run by several processes, broken off and taken up again, with the same result as in peace', async () => {
    await world.activate(acmeFile());
    await world.leads(...many());
    const draft = await world.draft(draftFile());
    const peace = await inPeace(draft);
    expect(peace.run.done).toBe(LEADS);

    const { id } = await world.start({ draft });
    let steps = 0;
    const breaking = (): void => {
      if ((steps += 1) % 3 === 0) throw new Error('the process dies');
    };
    const processes = [world.runner(breaking), world.runner(breaking), world.runner()];
    while ((await world.whatIfs.find('every_tenant', id))?.status === 'RUNNING') {
      await Promise.allSettled(processes.map((one) => one.runOnce()));
    }
    const run = (await world.whatIfs.find('every_tenant', id)) as WhatIf;
    expect(run).toMatchObject({ status: 'FINISHED', done: LEADS, total: LEADS, summary: peace.run.summary });
    expect(await differencesOf(id)).toEqual(peace.differences);
  });

  it('can be read page by page', async () => {
    await world.activate(acmeFile());
    await world.leads(...many());
    const { run, differences } = await inPeace(await world.draft(draftFile()));
    const pages: unknown[] = [];
    let page = await world.whatIfs.differences(run.id, { limit: 7 });
    for (;;) {
      pages.push(...page.differences);
      if (page.next === null) break;
      page = await world.whatIfs.differences(run.id, { limit: 7, after: page.next });
    }
    expect(pages).toEqual(differences);
    expect(pages.length).toBeGreaterThan(40);
  });

  it('leave no claims behind, finished or cancelled', async () => {
    await world.activate(acmeFile());
    await world.leads(...many());
    const draft = await world.draft(draftFile());
    await inPeace(draft);
    const { id } = await world.start({ draft });
    expect(await world.whatIfs.cancel({ only: ACME }, id, 'cli')).toMatchObject({ kind: 'cancelled' });
    expect(await world.whatIfs.cancel({ only: ACME }, id, 'cli')).toMatchObject({ kind: 'not_running' });
    await world.runner().runOnce();
    expect((await world.pool.query('select count(*)::int as n from what_if_claims')).rows).toEqual([{ n: 0 }]);
    expect((await world.whatIfs.find('every_tenant', id))?.status).toBe('CANCELLED');
  });
});

describe('promoting', () => {
  const activeVersion = async (): Promise<number> =>
    (await world.pool.query<{ version: number }>('select version from config_versions where tenant_id = $1 and active', [ACME])).rows[0]
      ?.version ?? 0;

  it('makes the draft the active version and says by which run', async () => {
    await world.activate(acmeFile());
    const draft = await world.draft(acmeFile({ name: 'Draft' }));
    expect(await activeVersion()).toBe(1);
    const run = await world.run((await world.start({ draft })).id);
    expect(await world.whatIfs.promote(run, 'key:abc', false)).toMatchObject({ kind: 'activated', version: { version: draft } });
    expect(await activeVersion()).toBe(draft);
    const { rows } = await world.pool.query(
      `select type, actor, detail from audit_events where type in ('config.activated', 'config.drafted') order by id`,
    );
    expect(rows.at(-1)).toMatchObject({ type: 'config.activated', actor: 'key:abc', detail: { what_if_id: run.id, forced: false } });
    expect(rows.at(-2)).toMatchObject({ type: 'config.drafted' });
    expect((await world.whatIfs.find('every_tenant', run.id))?.promotedAt).toBeInstanceOf(Date);
  });

  it('is refused while the run is unfinished or another version is active, unless it is forced', async () => {
    await world.activate(acmeFile());
    await world.leads(lead('03-02T10:00:00'));
    const draft = await world.draft(acmeFile({ name: 'Draft' }));
    const started = await world.start({ draft });
    expect(await world.whatIfs.promote(started, 'cli', false)).toMatchObject({
      kind: 'refused',
      problems: [expect.stringContaining('RUNNING')],
    });
    const run = await world.run(started.id);
    await world.activate(acmeFile({ name: 'Somebody else was faster' }));
    expect(await world.whatIfs.promote(run, 'cli', false)).toMatchObject({
      kind: 'refused',
      problems: [expect.stringContaining('the draft was compared with version 1')],
    });
    expect(await world.whatIfs.promote(run, 'cli', true)).toMatchObject({ kind: 'activated' });
    expect(await activeVersion()).toBe(draft);
  });
});

describe('asking for one', () => {
  it.each<{ description: string; wish: JsonObject & { draft: number }; says: string }>([
    { description: 'a version there is not', wish: { draft: 99 }, says: 'has no version 99' },
    { description: 'the active version', wish: { draft: 1 }, says: 'is the active one' },
    { description: 'a source there is not', wish: { draft: 2, source: 'fax' }, says: 'no source fax' },
  ])('is refused for $description', async ({ wish, says }) => {
    await world.activate(acmeFile());
    await world.draft(acmeFile({ name: 'Draft' }));
    await expect(world.start(wish)).rejects.toThrow(says);
  });

  it('is refused for an empty period', async () => {
    await world.activate(acmeFile());
    const draft = await world.draft(acmeFile({ name: 'Draft' }));
    await expect(world.start({ draft, from: new Date('2026-05-01') })).rejects.toThrow('the period is empty');
  });

  it('finds no run of another tenant', async () => {
    await world.activate(acmeFile());
    const { id } = await world.start({ draft: await world.draft(acmeFile({ name: 'Draft' })) });
    expect(await world.whatIfs.find({ only: 'other' as typeof ACME }, id)).toBeUndefined();
    expect(await world.whatIfs.cancel({ only: 'other' as typeof ACME }, id, 'cli')).toBeUndefined();
    expect(await world.whatIfs.list({ only: 'other' as typeof ACME }, { limit: 10 })).toEqual([]);
  });
});
