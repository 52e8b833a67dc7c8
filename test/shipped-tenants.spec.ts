import { stagesWith } from './support/stages.js';
import fc from 'fast-check';
import { sourceIdOf, type ConfigVersionId, type JsonObject, type LeadFacts, type LeadId, type TenantConfig, type TenantId } from '#core';
import type { ClaimIndex } from '#dedup';
import { leadPipeline } from '../libs/pipeline/src/lead-pipeline.js';
import { shippedConfig, withProfile } from './support/shipped-config.js';

const LEAD_ID = '0192f0c0-0000-7000-8000-000000000001';
const demo = shippedConfig('demo');
const rawCrm = shippedConfig('raw-crm');
const withoutKey: ClaimIndex = { look: () => Promise.resolve({ skipped: 'no_key', fingerprints: [] }) };
const pipeline = leadPipeline(stagesWith(withoutKey));

/** One lead through all stages, as `config` decides them. */
function decide(config: TenantConfig, payload: JsonObject) {
  const [source] = config.sources;
  if (source === undefined) throw new Error('a shipped tenant has a source');
  const facts: LeadFacts = {
    lead: {
      id: LEAD_ID as LeadId,
      tenantId: config.tenant as TenantId,
      sourceId: sourceIdOf(config.tenant, source.name),
      receivedAt: new Date(0),
      nativeId: null,
      flags: [],
    },
    claimCheck: 'usual',
    payload,
    config,
    configVersionId: 'version-1' as ConfigVersionId,
    source,
  };
  return pipeline.run(facts, () => 0);
}

/** The lead that the README posts. */
const README_LEAD: JsonObject = {
  email: ' John.Doe@Example.com ',
  phone: '0160 8912308',
  first_name: 'John',
  last_name: 'Doe',
  address: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' },
  house: { is_owner: true },
  solar_offer_type: 'Kaufen',
  solar_roof_age: 'old',
};

describe('the demo tenant', () => {
  it("sends the README's lead to the customer in exactly this form", async () => {
    const journey = await decide(demo, README_LEAD);
    expect(journey.outcome).toEqual({ kind: 'continue' });
    expect(journey.facts.plannedDeliveries).toEqual([
      {
        destinationId: 'demo/customer-api',
        contentType: 'application/json',
        payload:
          '{"lead":{"phone":"+491608912308","email":"john.doe@example.com","first_name":"John","last_name":"Doe","street":"Musterstraße 1",' +
          '"postcode":"66123","city":"Saarbrücken","country":"de"},"product":{"name":"Solaranlagen"},"lead_attributes":{"solar_offer_type":"Kaufen"},' +
          `"meta_attributes":{"unique_id":"${LEAD_ID}"}}`,
        omitted: [
          {
            field: 'solar_roof_age',
            code: 'ATTRIBUTE_OMITTED',
            detail: 'is not one of Erst in Planung, Gerade erst gebaut, Jünger als 30 Jahre, Älter als 30 Jahre',
          },
        ],
      },
    ]);
    expect(journey.facts).toMatchObject({ decision: 'WARN', reasonCodes: ['WARN_INDEX_UNAVAILABLE'], crmColumns: null });
  });

  it('tells in the journey what was left out, and that nobody could look for duplicates', async () => {
    const { stages } = await decide(demo, README_LEAD);
    expect(stages.map(({ stage, verdict, reasons }) => [stage, verdict, reasons.map(({ code }) => code)])).toEqual([
      ['fetch', 'continue', []],
      ['trim', 'continue', []],
      ['validate', 'continue', []],
      ['normalise', 'continue', []],
      ['dedup', 'continue', ['index_unavailable']],
      ['policy', 'continue', []],
      ['map', 'continue', ['ATTRIBUTE_OMITTED']],
    ]);
  });

  it('gives equal leads equal bytes, whatever the order of their members', async () => {
    const turned = Object.fromEntries(Object.entries(README_LEAD).reverse());
    const [one, other] = [await decide(demo, README_LEAD), await decide(demo, turned)];
    expect(other.facts.plannedDeliveries).toEqual(one.facts.plannedDeliveries);
  });

  it('repeats no value of a person in what it records', async () => {
    const invalid = { ...README_LEAD, email: 'canary-mail', phone: 'canary-phone', solar_area: 'canary-area', country: 'canary-land' };
    const { stages, facts } = await decide(demo, invalid);
    expect(stages.flatMap(({ reasons }) => reasons.map(({ code }) => code))).toEqual([
      'EMAIL_NOT_VALID',
      'PHONE_NOT_VALID',
      'FIELD_OMITTED',
      'ATTRIBUTE_OMITTED',
      'ATTRIBUTE_OMITTED',
    ]);
    expect(JSON.stringify([stages, facts.plannedDeliveries?.map(({ omitted }) => omitted)])).not.toContain('canary');
  });

  it('sends an invalid phone as it was given: the customer decides', async () => {
    const { facts } = await decide(demo, { ...README_LEAD, phone: ' 12  34 ' });
    expect(facts.plannedDeliveries?.[0]?.payload).toContain('{"lead":{"phone":"12 34",');
  });

  it.each([{ phone: '' }, { phone: null }, { phone: ['0160 8912308'] }])('fails for good without a usable phone: %j', async (changed) => {
    const { outcome } = await decide(demo, { ...README_LEAD, ...changed });
    expect(outcome).toEqual({ kind: 'fail', reason: { code: 'MISSING_TARGET_FIELD', detail: 'Missing required field: phone' } });
  });

  it('rejects with the first failing code and records all of them', async () => {
    const { outcome, stages } = await decide(demo, { ...README_LEAD, address: { zip: '12345' }, house: { is_owner: 'true' } });
    expect(outcome).toMatchObject({ kind: 'reject', reasons: [{ code: 'ZIP_NOT_66XXX' }, { code: 'NOT_HOMEOWNER' }] });
    expect(stages.map(({ stage }) => stage)).toEqual(['fetch', 'trim', 'validate']);
  });

  it('reads the answers to a form in the other profile, by configuration only', async () => {
    const { outcome, facts } = await decide(withProfile(demo, 'rhineland-53'), {
      ...README_LEAD,
      address: { zip: 53859, street: 'Musterstraße 1', city: 'Niederkassel' },
      questions: {
        'Sind Sie Eigentümer der Immobilie?': 'Ja',
        Dachfläche: ' 60 ',
        'Welche Dachform haben Sie auf Ihrem Haus?': 'Flachdach',
        'Wie alt ist Ihr Dach?': 'Nach 1990',
        'Wann soll das Projekt gestartet werden?': '6',
      },
      meta_attributes: { utm_source: 'google', optin: 'Ja', optin_wording: 'I agree' },
    });
    expect(outcome).toEqual({ kind: 'continue' });
    const [delivery] = facts.plannedDeliveries ?? [];
    expect(JSON.parse(delivery?.payload ?? '')).toMatchObject({
      lead: { postcode: '53859' },
      lead_attributes: { solar_area: '60', solar_offer_type: 'Kaufen', solar_owner: 'Ja', solar_roof_type: 'Flachdach' },
      meta_attributes: { unique_id: LEAD_ID, utm_source: 'google', optin: 'true', optin_wording: 'I agree' },
    });
    expect(delivery?.omitted.map(({ field }) => field)).toEqual(['solar_roof_age']);
  });
});

describe('the raw CRM intake', () => {
  const columns = { click_id: null, country: null, creo: null, description: null, domain: null, email: null, first_name: null, ip: null };
  const EMPTY = { ...columns, lang: null, last_name: null, marker: null, offer: null, phone: null, sourcetype: null };

  it('keeps every lead, the empty one too', async () => {
    const { outcome, facts, stages } = await decide(rawCrm, {});
    expect(outcome).toEqual({ kind: 'continue' });
    expect(facts).toMatchObject({ plannedDeliveries: [], crmColumns: EMPTY });
    expect(stages.at(-1)?.reasons.map(({ code }) => code)).toEqual(['NO_DESTINATION']);
  });

  it('fills the columns with what was sent; an empty value is no value (crm-18)', async () => {
    const lead = {
      email: '',
      firstName: null,
      phone: '+1',
      ip: 0,
      lang: false,
      click_id: 4711,
      lastName: ' Doe ',
      description: 'a\n b',
      shoe_size: 44,
    };
    const { facts } = await decide(rawCrm, lead);
    expect(facts.crmColumns).toEqual({ ...EMPTY, phone: '+1', click_id: '4711', last_name: 'Doe', description: 'a\n b' });
    expect(facts.normalised).toMatchObject({ shoe_size: 44 });
  });
});

describe('every shipped tenant', () => {
  const any = fc.jsonValue({ stringUnit: 'binary' });
  const named = (...names: string[]) => fc.record(Object.fromEntries(names.map((name) => [name, any])), { requiredKeys: [] });
  const lead = fc
    .tuple(
      named(
        'email',
        'phone',
        'first_name',
        'street',
        'zipcode',
        'country',
        'optin',
        'solar_area',
        'solar_owner',
        'questions',
        'description',
      ),
      fc.record({ house: fc.oneof(fc.constant({ is_owner: true }), any), address: fc.oneof(fc.constant({ zip: '66123' }), any) }),
    )
    .map(([some, judged]) => ({ ...some, ...judged }) as JsonObject);

  it.each([
    ['demo', demo],
    ['demo with the other profile', withProfile(demo, 'rhineland-53')],
    ['demo without rules', { ...demo, rules: { active: 'a', profiles: [{ name: 'a', rules: [] }] } }],
    ['raw-crm', rawCrm],
  ])('decides any lead without a fault: %s', async (_name, config) => {
    await fc.assert(
      fc.asyncProperty(lead, async (payload) => {
        const { outcome, facts } = await decide(config, payload);
        expect(['continue', 'reject', 'fail']).toContain(outcome.kind);
        for (const { payload: body } of facts.plannedDeliveries ?? []) expect(body.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
