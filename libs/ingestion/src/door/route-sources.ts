import { sharesPathBy, type ConfiguredSource } from '#core';
import type { Principal } from '#access';

/** A lead route and the sources that answer on it. */
export interface LeadRoute {
  /** The template: what logs and metrics name. */
  readonly path: string;
  readonly sources: readonly [ConfiguredSource, ...ConfiguredSource[]];
  /** How a request finds its source: by the API key it shows or the tenant its body names; null: there is only one. */
  readonly sharedBy: 'api_key' | 'tenant' | null;
}

/** @param sources those of one path, as ActiveConfig hands them out. @returns null where nobody configured the path */
export function leadRouteOf(sources: readonly ConfiguredSource[]): LeadRoute | null {
  const [first, ...others] = sources;
  if (first === undefined) return null;
  const sharedBy = sharesPathBy(first.source);
  // One source with keys needs no choosing; the guard's route names its tenant also when there is only one.
  return {
    path: first.source.path,
    sources: [first, ...others],
    sharedBy: others.length === 0 && sharedBy === 'api_key' ? null : sharedBy,
  };
}

/** @returns null when the key is not that of a source on this route */
export function sourceByKey({ sources }: LeadRoute, principal: Principal | null): ConfiguredSource | null {
  if (principal?.scope !== 'source') return null;
  return sources.find(({ sourceId }) => sourceId === principal.sourceId) ?? null;
}

/** @returns null when no such tenant is on this route */
export function sourceByTenant({ sources }: LeadRoute, tenant: string): ConfiguredSource | null {
  return sources.find(({ resolved }) => resolved.tenantId === tenant) ?? null;
}
