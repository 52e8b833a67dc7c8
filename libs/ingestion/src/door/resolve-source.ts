import type { ApiKeys, Principal } from '#access';
import { isUnauthenticated, type ConfiguredSource } from '#core';
import { isJudgedByBody, judgeAccess } from '../authentication/judge-access.js';
import { isRefusal, refuse, type Refusal } from '../body/refusal.js';
import { ANSWERS } from '../answers/answer-styles.js';
import type { ReadRequest } from '../sources/source-kind.js';
import type { SourceKinds } from '../sources/source-kinds.js';
import { headerOf, type RequestHead, type StoredBody } from './request-head.js';
import { sourceByKey, sourceByTenant, type LeadRoute } from './route-sources.js';

const TOO_LARGE = refuse('body_too_large', 'The body is larger than this gateway takes (LEADGATE_MAX_BODY_BYTES).');
const UNKNOWN_TENANT = refuse(
  'unknown_tenant',
  'No tenant with this tenant_id takes leads here; leadgate config list shows those that do.',
  '/tenant_id',
);

/** Whose request it is, and whether its sender may send it. */
export type ResolvedSource =
  | {
      readonly configured: ConfiguredSource;
      readonly refusal: Refusal | null;
      /** The body, where it had to be read to know whose it is. */
      readonly read?: ReadRequest | Refusal;
    }
  | { readonly configured: null; readonly refusal: Refusal; readonly read?: undefined };

type Resolved = Extract<ResolvedSource, { configured: ConfiguredSource }>;

export interface ResolvingParts {
  readonly kinds: SourceKinds;
  readonly apiKeys: Pick<ApiKeys, 'find'>;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Finds the source and judges the sender, in this order: a refusal names the source as far as it is known. */
export async function resolveSource(route: LeadRoute, head: RequestHead, body: StoredBody, parts: ResolvingParts): Promise<ResolvedSource> {
  switch (route.sharedBy) {
    case null:
      return judged(route.sources[0], head, body, parts);
    case 'api_key': {
      const configured = sourceByKey(route, principalOf(head, parts.apiKeys));
      if (configured !== null) return judged(configured, head, body, parts);
      // Without a key of this route every source says the same.
      return { configured, refusal: access(route.sources[0], head, body, parts) ?? TOO_LARGE };
    }
    case 'tenant':
      return byTenant(route, head, body, parts);
  }
}

async function byTenant(route: LeadRoute, head: RequestHead, body: StoredBody, parts: ResolvingParts): Promise<ResolvedSource> {
  const [{ source }] = route.sources;
  const kind = parts.kinds.get(source.kind);
  if (body.kind === 'too_large' || kind?.readForTenant === undefined) {
    return { configured: null, refusal: strangerAt(route, head, body, parts) ?? TOO_LARGE };
  }
  const request = {
    bytes: body.bytes,
    contentType: headerOf(head.headers, 'content-type'),
    contentEncoding: headerOf(head.headers, 'content-encoding'),
  };
  const { tenant, read } = await kind.readForTenant(request, ANSWERS[source.answers].onDuplicateKeys);
  const configured = tenant === null ? null : sourceByTenant(route, tenant);
  if (configured !== null) return { ...judged(configured, head, body, parts), read };
  return { configured, refusal: strangerAt(route, head, body, parts) ?? (isRefusal(read) ? read : UNKNOWN_TENANT) };
}

function judged(configured: ConfiguredSource, head: RequestHead, body: StoredBody, parts: ResolvingParts): Resolved {
  const { source } = configured;
  const tooLarge = body.kind === 'too_large' ? TOO_LARGE : null;
  // Nobody can say who signed a body of which only the beginning is here.
  if (tooLarge !== null && isJudgedByBody(source)) return { configured, refusal: tooLarge };
  return { configured, refusal: access(configured, head, body, parts) ?? tooLarge };
}

/**
 * What somebody is told of whom no tenant is known: where every source would refuse for the same reason, that, so that a stranger learns
 * nothing about which tenants there are.
 */
function strangerAt({ sources }: LeadRoute, head: RequestHead, body: StoredBody, parts: ResolvingParts): Refusal | null {
  if (!sources.every(({ source }) => isUnauthenticated(source))) return null;
  const refusals = sources.map((configured) => access(configured, head, body, parts));
  return refusals.includes(null) ? null : (refusals[0] ?? null);
}

function access(
  { source, sourceId }: ConfiguredSource,
  head: RequestHead,
  body: StoredBody,
  { apiKeys, now }: ResolvingParts,
): Refusal | null {
  const principal = source.authentication.kind === 'api_key' ? principalOf(head, apiKeys) : null;
  const bytes = body.kind === 'whole' ? body.bytes : body.first;
  return judgeAccess(source, { head, bytes, now: now(), principal, sourceId });
}

const BEARER = /^Bearer +(\S+) *$/i;

function principalOf({ headers }: RequestHead, apiKeys: Pick<ApiKeys, 'find'>): Principal | null {
  const shown = BEARER.exec(headerOf(headers, 'authorization') ?? '')?.[1];
  return shown === undefined ? null : apiKeys.find(shown);
}
