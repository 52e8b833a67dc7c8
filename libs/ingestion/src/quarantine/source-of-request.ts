import { sourceIdOf, type ActiveConfig, type ConfiguredSource, type SourceId } from '#core';
import { Conflict } from '#platform';
import { ANSWERS } from '../answers/answer-styles.js';
import { leadRouteOf, sourceByTenant } from '../door/route-sources.js';
import type { SourceKinds } from '../sources/source-kinds.js';
import { bodyOf, type StoredRequest } from './stored-request.js';

export type SourcesInForce = Pick<ActiveConfig, 'tenant' | 'sourcesAt'>;

export const sourceGone = (): Conflict =>
  new Conflict('source_gone', 'The source this request came to is not in the active configuration. Configure it again, then release.');

/**
 * The source a stored request is released to. A request that came to a source goes there, by tenant and name: its path may meanwhile
 * belong to somebody else. One that nobody knew the source of is looked at anew under today's configuration: the operator names the
 * source, or its body names the tenant, or its route has only one.
 *
 * @param named the source the operator names, e.g. `demo/api`; null for none
 * @throws Conflict what has to be configured or said before it can be released
 */
export async function sourceOfRequest(
  config: SourcesInForce,
  kinds: SourceKinds,
  stored: StoredRequest,
  named: SourceId | null,
): Promise<ConfiguredSource> {
  if (stored.source_id !== null) return knownSource(config, stored, named);
  const route = leadRouteOf(config.sourcesAt(stored.route));
  if (route === null) {
    throw new Conflict('source_gone', `No source of the active configuration has the path ${stored.route}. Configure one, then release.`);
  }
  if (named !== null) {
    const chosen = route.sources.find(({ sourceId }) => sourceId === named);
    if (chosen === undefined) throw new Conflict('source_unknown', `No source of this name has the path ${stored.route}.`);
    return chosen;
  }
  const [only] = route.sources;
  if (route.sharedBy === null && route.sources.length === 1) return only;
  const tenant = route.sharedBy === 'tenant' ? await tenantIn(kinds, only, stored) : null;
  const found = tenant === null ? null : sourceByTenant(route, tenant);
  if (found !== null) return found;
  throw new Conflict(
    'source_unknown',
    tenant === null
      ? 'Several sources have this path and the request does not say which one it is for. Name it: ?source=<tenant>/<name>.'
      : 'The tenant this request names has no source on this path. Configure it, or name a source: ?source=<tenant>/<name>.',
  );
}

function knownSource(config: SourcesInForce, { tenant_id, source_id }: StoredRequest, named: SourceId | null): ConfiguredSource {
  if (named !== null && named !== source_id) {
    throw new Conflict(
      'source_known',
      `This request came to the source ${source_id}; only one that came to none can be given to a source.`,
    );
  }
  const resolved = tenant_id === null ? undefined : config.tenant(tenant_id);
  const source = resolved?.config.sources.find(({ name }) => tenant_id !== null && sourceIdOf(tenant_id, name) === source_id);
  if (resolved === undefined || source === undefined || source_id === null) {
    throw sourceGone();
  }
  return { sourceId: source_id, source, resolved };
}

/** @returns the tenant the stored body names; null where it names none */
async function tenantIn(kinds: SourceKinds, { source }: ConfiguredSource, stored: StoredRequest): Promise<string | null> {
  const read = await kinds.get(source.kind)?.readForTenant?.(bodyOf(stored), ANSWERS[source.answers].onDuplicateKeys);
  return read?.tenant ?? null;
}
