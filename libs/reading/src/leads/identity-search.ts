import { tenantCondition, type TenantScope } from '#access';
import { type ActiveConfig, type Identity, type ResolvedConfig, sourceIdOf, type TenantConfig } from '#core';
import { fingerprintsOf, type KeyRings } from '#keys';
import { normalisePayload } from '#normalisation';
import { InvalidRequest, Unavailable } from '#platform';
import type { LeadsQuery } from './leads-query.js';

/** What identifies one person within one tenant, under every key of its ring; a kind that was not asked for is absent. */
export interface IdentityCondition {
  readonly tenantId: string;
  readonly emails?: readonly Uint8Array<ArrayBuffer>[];
  readonly phones?: readonly Uint8Array<ArrayBuffer>[];
}

type Wanted = Pick<LeadsQuery, 'tenant' | 'source' | 'email' | 'phone'>;

/**
 * Leads are found by e-mail or phone through their blind index: the values are brought into the form the pipeline gave them, hashed with the
 * keys of each tenant, and forgotten. The same address is another hash in every tenant, so each has its own condition.
 */
export class IdentitySearch {
  constructor(
    private readonly config: ActiveConfig,
    private readonly rings: KeyRings,
  ) {}

  /**
   * @returns undefined when neither was asked for; an empty list finds nothing
   * @throws InvalidRequest for what is no e-mail address or no phone number, Unavailable without any key
   */
  conditionsFor(scope: TenantScope, wanted: Wanted): readonly IdentityCondition[] | undefined {
    if (wanted.email === undefined && wanted.phone === undefined) return undefined;
    const emails = wanted.email === undefined ? undefined : emailsOf(wanted.email);
    const tenants = this.tenantsWithin(scope, wanted.tenant);
    const read = tenants.map((tenant) => ({
      tenant,
      phones: wanted.phone === undefined ? undefined : phonesOf(wanted.phone, regionsOf(tenant, wanted.source)),
    }));
    if (wanted.phone !== undefined && tenants.length > 0 && read.every(({ phones }) => phones?.length === 0)) throw noPhone();
    const conditions = read.flatMap(({ tenant, phones }) => this.conditionOf(tenant, emails, phones) ?? []);
    if (conditions.length === 0 && tenants.length > 0) {
      throw new Unavailable('no_identity_key', 'No key to search with is loaded; `leadgate doctor` says which keys are missing.');
    }
    return conditions;
  }

  private tenantsWithin(scope: TenantScope, wanted: string | undefined): readonly ResolvedConfig[] {
    const allowed = tenantCondition(scope, wanted);
    if (allowed === undefined) return this.config.tenants();
    return typeof allowed === 'string' ? this.config.tenants().filter(({ tenantId }) => tenantId === allowed) : [];
  }

  private conditionOf(
    { tenantId }: ResolvedConfig,
    emails: readonly Identity[] | undefined,
    phones: readonly Identity[] | undefined,
  ): IdentityCondition | undefined {
    const ring = this.rings.ringOf(tenantId);
    if (ring === null) return undefined;
    const hashed = (identities: readonly Identity[]): Uint8Array<ArrayBuffer>[] =>
      fingerprintsOf(ring, tenantId, identities).map(({ value }) => new Uint8Array(value));
    return { tenantId, ...(emails && { emails: hashed(emails) }), ...(phones && { phones: hashed(phones) }) };
  }
}

/** Where a national number is read: the region of the source that was asked for, else those of all the tenant's sources. */
function regionsOf({ tenantId, config }: ResolvedConfig, source: string | undefined): readonly (string | undefined)[] {
  const sources = config.sources.filter(({ name }) => source === undefined || sourceIdOf(tenantId, name) === source);
  return [...new Set(sources.length === 0 ? [undefined] : sources.map(({ phone_region }) => phone_region))];
}

/** The search looks for what the pipeline made of such a value, so the pipeline's own function makes it. */
function identitiesIn(value: { email: string } | { phone: string }, region?: string): { email: string | null; phone: string | null } {
  const fields: TenantConfig['normalisation'] = { email: ['email'], phone: ['phone'], booleans: [] };
  return normalisePayload(value, fields, region).identities;
}

function emailsOf(text: string): Identity[] {
  const { email } = identitiesIn({ email: text });
  if (email === null) throw unusable('email', 'email must be an e-mail address');
  return [{ kind: 'email', value: email }];
}

function phonesOf(text: string, regions: readonly (string | undefined)[]): Identity[] {
  const numbers = regions.flatMap((region) => identitiesIn({ phone: text }, region).phone ?? []);
  return [...new Set(numbers)].map((value) => ({ kind: 'phone', value }));
}

function noPhone(): InvalidRequest {
  return unusable(
    'phone',
    'phone must be a valid number: international, or national in a region of the tenant’s sources (a + is written %2B in an address)',
  );
}

function unusable(parameter: string, detail: string): InvalidRequest {
  return new InvalidRequest('invalid_query', `The query cannot be used: ${detail}.`, [
    { pointer: `/${parameter}`, code: 'invalid_value', detail },
  ]);
}
