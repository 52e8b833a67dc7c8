import type { JsonObject, JsonValue, NormalisedFacts } from '#core';
import { normaliseStage, trimStage } from '#normalisation';
import { DECLARED_BOOLEANS, EMAILS, LEADS, PHONES, TEXTS, UNDECLARED_BOOLEANS } from '../fixtures/normalisation.js';
import { shippedConfig } from '../support/shipped-config.js';

const config = shippedConfig('demo');

/** Trim and normalise as the pipeline runs them. */
async function normalise(payload: JsonObject, phone_region = 'DE'): Promise<NormalisedFacts> {
  const trimming = await trimStage().run({ payload });
  if (trimming.kind !== 'continue') throw new Error('trim never ends a journey');
  const outcome = await normaliseStage().run({ trimmed: trimming.adds.trimmed, config, source: { phone_region } });
  if (outcome.kind !== 'continue') throw new Error('normalise never ends a journey');
  return outcome.adds;
}

const asGiven = (text: string): string => text.trim().replace(/\s+/g, ' ');

describe('values take the form that the replaced systems gave them', () => {
  it.each(EMAILS)('$id: an e-mail', async ({ given, expect: email }) => {
    expect((await normalise({ email: given })).normalised).toEqual({ email });
  });

  it.each(PHONES)('$id: a phone number in $region', async ({ given, region, expect: e164 }) => {
    const { normalised, identities } = await normalise({ phone: given }, region);
    expect(identities.phone).toBe(e164);
    expect(normalised.phone).toBe(e164 ?? asGiven(given));
    expect(normalised.phone_original).toBe(e164 === null || e164 === given ? undefined : asGiven(given));
  });

  it.each(TEXTS)('$id: a text', async ({ given, expect: text }) => {
    expect((await normalise({ company: given })).normalised).toEqual({ company: text });
  });

  it.each(DECLARED_BOOLEANS)('$id: a declared boolean', async ({ given, expect: value }) => {
    expect((await normalise({ house: { is_owner: given } })).normalised).toEqual({ house: { is_owner: value } });
  });

  it.each(UNDECLARED_BOOLEANS)('$id: a word in a field that is not declared', async ({ given, expect: value }) => {
    expect((await normalise({ answer: given })).normalised).toEqual({ answer: value });
  });

  it.each(LEADS)('$id: a whole lead', async ({ given, expect: lead }) => {
    const payload: JsonValue = given ?? {};
    expect((await normalise(payload as JsonObject)).normalised).toEqual(lead);
  });
});
