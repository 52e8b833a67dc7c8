import { type Identity, type IdentityKind, IDENTITY_KINDS, type JsonObject, type TenantConfig } from '#core';
import { normalisePayload } from '#normalisation';

/** Normalising once more changes nothing, so the stored form gives the identities the lead was decided with. */
export function identitiesOfLead(
  { normalised, nativeId }: { readonly normalised: JsonObject | null; readonly nativeId: string | null },
  config: TenantConfig,
): Identity[] {
  const { identities } = normalisePayload(normalised, config.normalisation, undefined);
  const values: Readonly<Record<IdentityKind, string | null>> = { ...identities, native_id: nativeId };
  return IDENTITY_KINDS.flatMap((kind) => {
    const value = values[kind];
    return value === null ? [] : [{ kind, value }];
  });
}
