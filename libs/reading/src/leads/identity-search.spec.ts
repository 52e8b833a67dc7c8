import type { ActiveConfig, ResolvedConfig, SourceConfig, TenantId } from '#core';
import { fingerprintOf, type KeyRing, type KeyRings } from '#keys';
import { IdentitySearch } from './identity-search.js';

const KEY = { current: { id: 'k2', secret: Buffer.alloc(32, 2) }, previous: [{ id: 'k1', secret: Buffer.alloc(32, 1) }] };

function aTenant(tenantId: string, regions: readonly (string | undefined)[]): ResolvedConfig {
  const sources = regions.map((phone_region, index) => ({ name: `s${index}`, phone_region }) as SourceConfig);
  return { tenantId, config: { sources } } as unknown as ResolvedConfig;
}

function aSearch(tenants: readonly ResolvedConfig[], ringOf: (tenantId: string) => KeyRing | null = () => KEY): IdentitySearch {
  return new IdentitySearch({ tenants: () => tenants } as unknown as ActiveConfig, { ringOf } as KeyRings);
}

const hashes = (tenant: string, kind: 'email' | 'phone', value: string): Uint8Array[] =>
  [KEY.current, ...KEY.previous].map(({ secret }) => new Uint8Array(fingerprintOf(secret, tenant as TenantId, { kind, value })));

const ONLY_A = { only: 'a' as TenantId };
const [A, B] = [aTenant('a', ['DE', 'US']), aTenant('b', ['US'])];

describe('looking for a person', () => {
  it('asks for nothing when nobody was asked for', () => {
    expect(aSearch([A]).conditionsFor('every_tenant', {})).toBeUndefined();
  });

  it('looks under every key of the ring, in any spelling of the address', () => {
    for (const email of ['john.doe@example.com', ' John.DOE@Example.com ']) {
      expect(aSearch([A]).conditionsFor(ONLY_A, { email })).toEqual([
        { tenantId: 'a', emails: hashes('a', 'email', 'john.doe@example.com') },
      ]);
    }
  });

  it('reads a national number in the region of the source, else of every source', () => {
    const phones = (number: string) => hashes('a', 'phone', number);
    expect(aSearch([A]).conditionsFor(ONLY_A, { phone: '0160 8912308' })).toEqual([{ tenantId: 'a', phones: phones('+491608912308') }]);
    expect(aSearch([A]).conditionsFor(ONLY_A, { phone: '+1 202 555 0143' })).toEqual([{ tenantId: 'a', phones: phones('+12025550143') }]);
    expect(aSearch([A]).conditionsFor(ONLY_A, { phone: '202-555-0143', source: 'a/s1' })).toEqual([
      { tenantId: 'a', phones: phones('+12025550143') },
    ]);
    expect(() => aSearch([A]).conditionsFor(ONLY_A, { phone: '0160 8912308', source: 'a/s1' })).toThrow('phone must be a valid number');
  });

  it('stays within the scope, whatever tenant is asked for', () => {
    const tenantsOf = (scope: Parameters<IdentitySearch['conditionsFor']>[0], tenant?: string): unknown =>
      aSearch([A, B])
        .conditionsFor(scope, { tenant, email: 'a@b.de' })
        ?.map(({ tenantId }) => tenantId);
    expect(tenantsOf(ONLY_A)).toEqual(['a']);
    expect(tenantsOf(ONLY_A, 'a')).toEqual(['a']);
    expect(tenantsOf(ONLY_A, 'b')).toEqual([]);
    expect(tenantsOf('every_tenant')).toEqual(['a', 'b']);
    expect(tenantsOf('every_tenant', 'b')).toEqual(['b']);
    expect(tenantsOf('every_tenant', 'nobody')).toEqual([]);
  });

  it('says what it cannot look for without repeating it', () => {
    for (const wanted of [{ email: 'canary' }, { phone: 'canary' }, { phone: '12' }, { email: '' }]) {
      const fault = thrownBy(() => aSearch([A]).conditionsFor(ONLY_A, wanted));
      expect(fault).toMatchObject({ status: 400, errors: [{ pointer: `/${Object.keys(wanted)[0]}` }] });
      expect(JSON.stringify(fault)).not.toContain('canary');
    }
  });

  it('passes over a tenant without a key, and says so when none has one', () => {
    const search = aSearch([A, B], (tenantId) => (tenantId === 'a' ? null : KEY));
    expect(search.conditionsFor('every_tenant', { email: 'a@b.de' })?.map(({ tenantId }) => tenantId)).toEqual(['b']);
    expect(thrownBy(() => search.conditionsFor(ONLY_A, { email: 'a@b.de' }))).toMatchObject({ status: 503, code: 'no_identity_key' });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
