import type { ConfigVersionId, JsonObject, LeadFacts, LeadId, PolicyConfig, TenantId } from '#core';
import { checkTenantConfig, sourceIdOf } from '#core';
import { leadPipeline } from '#pipeline';
import { shippedConfig } from '../support/shipped-config.js';
import { stagesWith } from '../support/stages.js';

const t1 = shippedConfig('t1');
const POLICY: PolicyConfig = {
  mode: 'SALVAGE',
  required: ['email'],
  lists: { competitors: ['rival.example'] },
  rules: [
    { code: 'REJECT_COMPETITOR', field: ['email'], check: 'not_in_list', list: 'competitors', part: 'domain' },
    { code: 'REJECT_THROW_AWAY', field: ['email'], check: 'not_in_list', list: 'disposable_domains', part: 'domain' },
    { code: 'REJECT_POLICY_RULE', field: ['extra.seats'], check: 'between', min: 1, max: 500 },
    { code: 'WARN_ROLE_ACCOUNT', field: ['email'], check: 'email_quality', effect: 'warn' },
    { code: 'WARN_NO_PERSON', field: ['full_name'], check: 'person_name', effect: 'warn' },
  ],
};

async function journeyOf(payload: JsonObject) {
  const checked = checkTenantConfig({ ...t1, policy: POLICY });
  if ('problems' in checked) throw new Error(checked.problems.join('\n'));
  const { config } = checked;
  const facts: LeadFacts = {
    lead: {
      id: '0192f0c0-0000-7000-8000-000000000001' as LeadId,
      tenantId: 't1' as TenantId,
      sourceId: sourceIdOf('t1', 'ingest'),
      receivedAt: new Date(0),
      nativeId: null,
      flags: [],
    },
    claimCheck: 'usual',
    payload,
    config,
    configVersionId: 'version-1' as ConfigVersionId,
    source: config.sources[0] ?? {},
  };
  return leadPipeline(stagesWith({ look: async () => ({ earlier: null, fingerprints: [] }) })).run(facts, () => 0);
}

describe('the journey of a lead that a policy judged', () => {
  it('names the rules that fired and what was dropped, and no value', async () => {
    const { outcome, facts, stages } = await journeyOf({
      email: 'Info@Acme.example',
      phone: '12',
      full_name: 'Leasing Office',
      extra: { seats: '7' },
    });
    expect(outcome.kind).toBe('continue');
    expect(facts).toMatchObject({
      decision: 'WARN',
      reasonCodes: ['WARN_INVALID_OPTIONAL_PHONE', 'WARN_ROLE_ACCOUNT', 'WARN_NO_PERSON'],
      normalised: { email: 'info@acme.example', full_name: 'Leasing Office', extra: { seats: '7' } },
    });
    expect(stages.find(({ stage }) => stage === 'policy')?.reasons).toEqual([
      {
        code: 'WARN_INVALID_OPTIONAL_PHONE',
        detail: 'phone is not a valid phone number: left out of what is sent on; the lead as it was received keeps it',
      },
      { code: 'WARN_ROLE_ACCOUNT', detail: 'email is the mailbox of a function, not of a person' },
      { code: 'WARN_NO_PERSON', detail: 'full_name does not read like the name of a person' },
    ]);
  });

  it('lists every rule that refused it, in their order', async () => {
    const { outcome } = await journeyOf({ email: 'jane@mail.rival.example', extra: { seats: '0' } });
    expect(outcome).toEqual({
      kind: 'reject',
      reasons: [
        { code: 'REJECT_COMPETITOR', detail: 'email is on the list competitors' },
        { code: 'REJECT_POLICY_RULE', detail: 'extra.seats is not a number from 1 to 500' },
      ],
    });
  });

  it('lets a person with a business address pass', async () => {
    const { facts } = await journeyOf({
      email: 'jane@acme.example',
      phone: '(202) 555-0123',
      full_name: 'Jane McDonald',
      extra: { seats: 500 },
    });
    expect(facts).toMatchObject({ decision: 'PASS', reasonCodes: [], normalised: { phone: '+12025550123' } });
  });
});
