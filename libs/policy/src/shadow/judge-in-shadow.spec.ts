import type { Decision, JourneyFacts, LeadId, PolicyConfig, ResolvedConfig, TenantConfig, TenantId } from '#core';
import { decidePolicy } from '../decide-policy.js';
import { policyFacts } from '../testing/policy-facts.js';
import { isSampled } from './decide-divergence.js';
import { DivergenceStore, type DivergenceCount } from './divergence-store.port.js';
import { JudgeInShadow } from './judge-in-shadow.js';
import type { DecidedJourney } from './shadow-judge.port.js';

const STRICTER: PolicyConfig = { mode: 'SALVAGE', shadow: { state: 'active', mode: 'STRICT' } };
const leadId = (n: number): LeadId => `0192f0c0-0000-7000-8000-${n.toString(16).padStart(12, '0')}` as LeadId;

/** A lead with a phone that is none, decided by the policy: SALVAGE warns, STRICT refuses. */
function decided(policy: PolicyConfig = STRICTER, id = leadId(0)): DecidedJourney {
  const facts = policyFacts({
    policy,
    normalised: { email: 'a@example.com', phone: '12' },
    judgedFields: [
      { path: 'email', kind: 'email', state: 'valid' },
      { path: 'phone', kind: 'phone', state: 'invalid' },
    ],
  });
  const outcome = decidePolicy(policy, facts);
  const adds = outcome.kind === 'continue' ? outcome.adds : {};
  const config: Partial<ResolvedConfig> = { tenantId: 'acme' as TenantId, policyVersion: 3, config: facts.config as TenantConfig };
  return {
    config: config as ResolvedConfig,
    journey: {
      outcome: outcome.kind === 'continue' ? { kind: 'continue' } : outcome,
      facts: { ...facts, ...adds, lead: { id } as JourneyFacts['lead'] & { flags: [] } } as Partial<JourneyFacts>,
    },
  };
}

class RecordingStore extends DivergenceStore {
  readonly taken: (readonly DivergenceCount[])[] = [];
  away = false;
  override async add(counts: readonly DivergenceCount[]): Promise<void> {
    if (this.away) throw new Error('Postgres is away');
    this.taken.push(counts);
  }
}

let store: RecordingStore;
let told: string[];
let dropped: number;
let now: number;
let judge: JudgeInShadow;
beforeEach(() => {
  [store, told, dropped, now] = [new RecordingStore(), [], 0, 0];
  const watch = {
    diverged: (tenant: string, { active, shadow }: { active: Decision; shadow: Decision }) => told.push(`${tenant} ${active} ${shadow}`),
    dropped: () => (dropped += 1),
  };
  judge = new JudgeInShadow(store, watch, () => now);
});
const inShort = (): string[] => store.taken.flat().map(({ active, shadow, leads }) => `${active} → ${shadow}: ${leads}`);

describe('the shadow policy', () => {
  it('counts by both decisions what it would have decided otherwise', async () => {
    for (let n = 0; n < 5; n += 1) judge.observe(decided(STRICTER, leadId(n)));
    await judge.drain();
    expect(store.taken).toEqual([
      [{ tenantId: 'acme', policyVersion: 3, active: 'WARN', shadow: 'REJECT', leads: 5, lastLeadId: leadId(4) }],
    ]);
    expect(told).toEqual(Array.from({ length: 5 }, () => 'acme WARN REJECT'));
  });

  it('judges what the policy judged, not what it left: a dropped field is invalid for the shadow too', async () => {
    const observed = decided();
    expect(observed.journey.facts.normalised).toEqual({ email: 'a@example.com' });
    expect(observed.journey.facts.judged).toEqual({ email: 'a@example.com', phone: '12' });
    judge.observe(observed);
    await judge.drain();
    expect(inShort()).toEqual(['WARN → REJECT: 1']);
  });

  it.each<[string, PolicyConfig, string[]]>([
    ['agrees', { mode: 'SALVAGE', shadow: { state: 'active', mode: 'SALVAGE' } }, []],
    ['is paused', { mode: 'SALVAGE', shadow: { state: 'paused', mode: 'STRICT' } }, []],
    ['is archived', { mode: 'SALVAGE', shadow: { state: 'archived', mode: 'STRICT' } }, []],
    ['is not there', { mode: 'SALVAGE' }, []],
    ['would let pass what was refused', { mode: 'STRICT', shadow: { state: 'active', mode: 'OFF' } }, ['REJECT → PASS: 1']],
    ['would block', { mode: 'OFF', shadow: { state: 'active', mode: 'OFF', blocked: true } }, ['PASS → REJECT: 1']],
    [
      'has a rule of its own, on the lists of the tenant',
      {
        mode: 'OFF',
        lists: { ours: ['example.com'] },
        shadow: {
          state: 'active',
          mode: 'SALVAGE',
          rules: [{ code: 'OURS', field: ['email'], check: 'not_in_list', list: 'ours', part: 'domain' }],
        },
      },
      ['PASS → REJECT: 1'],
    ],
  ])('when it %s', async (_, policy, counts) => {
    judge.observe(decided(policy));
    await judge.drain();
    expect(inShort()).toEqual(counts);
  });

  it('does not look at a lead that never reached the policy', async () => {
    const { config, journey } = decided();
    judge.observe({
      config,
      journey: { outcome: { kind: 'reject', reasons: [{ code: 'NO_ZIP', detail: '' }] }, facts: { lead: journey.facts.lead } },
    });
    await judge.drain();
    expect([store.taken, told, dropped]).toEqual([[], [], 0]);
  });

  it('judges nothing while its caller waits', () => {
    judge.observe(decided());
    expect(told).toEqual([]);
  });

  it('drops what there is no room for instead of growing or waiting', async () => {
    for (let n = 0; n < 300; n += 1) judge.observe(decided(STRICTER, leadId(n)));
    expect(dropped).toBe(300 - 256);
    await judge.drain();
    expect(inShort()).toEqual(['WARN → REJECT: 256']);
  });

  it('keeps its sums while Postgres is away', async () => {
    store.away = true;
    judge.observe(decided());
    await judge.drain();
    store.away = false;
    judge.observe(decided());
    await judge.drain();
    expect(inShort()).toEqual(['WARN → REJECT: 2']);
  });

  it('survives a lead it stumbles over', async () => {
    const { config, journey } = decided();
    const broken = { config, journey: { ...journey, facts: { ...journey.facts, judgedFields: null } } } as unknown as DecidedJourney;
    judge.observe(broken);
    judge.observe(decided());
    await judge.drain();
    expect([inShort(), dropped]).toEqual([['WARN → REJECT: 1'], 1]);
  });
});

describe('the sample', () => {
  it('is every lead below 1,000 a second and the same tenth above', () => {
    const ids = Array.from({ length: 1000 }, (_, n) => leadId(n));
    expect(ids.filter((id) => isSampled(id, 999))).toHaveLength(1000);
    const tenth = ids.filter((id) => isSampled(id, 1000));
    expect(tenth).toHaveLength(100);
    expect(ids.filter((id) => isSampled(id, 50_000))).toEqual(tenth);
  });

  it('becomes a tenth when the process is fast, and every lead again when it is not', async () => {
    const observe = async (many: number): Promise<number> => {
      const before = told.length;
      for (let n = 0; n < many; n += 1) {
        judge.observe(decided(STRICTER, leadId(n)));
        if (n % 100 === 0) await judge.drain();
      }
      await judge.drain();
      return told.length - before;
    };
    expect(await observe(999)).toBe(999);
    expect(await observe(1001)).toBe(101);
    now = 1000;
    expect(await observe(100)).toBe(10);
    now = 3000;
    expect(await observe(100)).toBe(100);
    expect(dropped).toBe(0);
  });
});
