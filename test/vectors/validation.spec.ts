import type { JsonObject } from '#core';
import { trimStage } from '#normalisation';
import { decideValidation, validateStage } from '#validation';
import { VALIDATION_CASES } from '../fixtures/validation.js';
import { shippedConfig, withProfile } from '../support/shipped-config.js';

const demo = shippedConfig('demo');

/** Trim and validate as the pipeline runs them; a body that is no object never becomes a lead, so only the decider can be asked. */
async function rejectionReason(lead: unknown, profile: string): Promise<string | null> {
  const config = withProfile(demo, profile);
  if (lead === null) return decideValidation(config.rules, null)[0]?.code ?? null;
  const trimming = await trimStage().run({ payload: lead as JsonObject });
  if (trimming.kind !== 'continue') throw new Error('trim never ends a journey');
  const outcome = await validateStage().run({ trimmed: trimming.adds.trimmed, config });
  return outcome.kind === 'reject' ? outcome.reasons[0].code : null;
}

describe('the demo tenant judges postcode and home ownership as the replaced systems did', () => {
  it.each(VALIDATION_CASES)('$id ($profile): $expect', async ({ lead, profile, expect: reason }) => {
    expect(await rejectionReason(lead, profile)).toBe(reason);
  });

  it.each(['66000', '66123', '66999'])('takes %s', async (zip) => {
    expect(await rejectionReason({ address: { zip }, house: { is_owner: true } }, 'saarland-66')).toBeNull();
  });

  it.each(['12345', '65999', '67000', '6612', '661234'])('refuses %s', async (zip) => {
    expect(await rejectionReason({ address: { zip }, house: { is_owner: true } }, 'saarland-66')).toBe('ZIP_NOT_66XXX');
  });
});
