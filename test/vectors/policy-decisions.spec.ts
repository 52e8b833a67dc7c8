import type { LeadId, TenantConfig } from '#core';
import { policyStage } from '#policy';
import { DEGRADED_CASES, ENGINE_CASES, FIELD_CASES } from '../fixtures/policy-decisions.js';
import { fieldVerdict } from '../support/field-verdict.js';
import { shippedConfig } from '../support/shipped-config.js';

const t1 = shippedConfig('t1');
const tenants = { t1, t2: shippedConfig('t2') };

type Facts = Parameters<ReturnType<typeof policyStage>['run']>[0];
const EARLIER: Facts['duplicateOf'] = { leadId: 'lead-1' as LeadId, matchedOn: 'email', seenAt: new Date(0) };

async function decide(facts: Partial<Facts>): Promise<{ decision: string; codes: readonly string[] }> {
  const outcome = await policyStage().run({
    config: t1,
    lead: { flags: [] },
    normalised: { email: 'a@example.com' },
    judgedFields: [{ path: 'email', kind: 'email', state: 'valid' }],
    duplicateOf: null,
    duplicateCheckSkipped: false,
    ...facts,
  });
  if (outcome.kind === 'continue') return { decision: outcome.adds.decision, codes: outcome.adds.reasonCodes };
  if (outcome.kind === 'reject') return { decision: 'REJECT', codes: outcome.reasons.map(({ code }) => code) };
  throw new Error('none of these cases waits or fails');
}

describe('the policy decides as the replaced guard did', () => {
  it.each(ENGINE_CASES)('$id: $decision $codes', async ({ emailIs, duplicate, checkSkipped, decision, codes }) => {
    const facts: Partial<Facts> = {
      judgedFields: [{ path: 'email', kind: 'email', state: emailIs }],
      duplicateOf: duplicate ? EARLIER : null,
      duplicateCheckSkipped: checkSkipped,
    };
    expect(await decide(facts)).toEqual({ decision, codes });
  });

  it.each(DEGRADED_CASES)('$id ($degraded.mode): $decision $codes', async ({ degraded, waitIsOver, decision, codes }) => {
    const config: TenantConfig = { ...t1, policy: { ...t1.policy, degraded } };
    const lead = { flags: waitIsOver ? ['INDEX_WAIT_OVER'] : [] };
    expect(await decide({ config, lead, duplicateCheckSkipped: true })).toEqual({ decision, codes });
  });

  it.each(FIELD_CASES)('$id ($tenant, $email, $phone): $decision $codes', async ({ tenant, email, phone, decision, codes }) => {
    expect(await fieldVerdict(tenants[tenant], { email, phone })).toMatchObject({ decision, codes });
  });

  it('t1 drops what t2 refuses, and nothing of it goes on', async () => {
    const lead = { email: 'valid@example.com', phone: '123' };
    expect(await fieldVerdict(tenants.t1, lead)).toEqual({
      decision: 'WARN',
      codes: ['WARN_INVALID_OPTIONAL_PHONE'],
      normalised: { email: 'valid@example.com' },
    });
    expect(await fieldVerdict(tenants.t2, lead)).toEqual({ decision: 'REJECT', codes: ['REJECT_INVALID_PHONE'], normalised: null });
  });
});
