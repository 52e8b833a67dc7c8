import { checkTenantConfig, isJsonObject, readPath, type JsonObject, type JsonValue, type TenantConfig, type TenantId } from '#core';
import { contentSha256 } from './canonical-json.js';
import { inlineMappingFiles } from './mapping-files.js';
import { isReference, resolveReferences, type ReferenceSources } from './references.js';

/** A tenant's configuration that was found good in this process. */
export interface PreparedVersion {
  readonly tenantId: TenantId;
  /** With its references resolved: for use, never for storing. */
  readonly config: TenantConfig;
  /** What is stored: mapping files written into it, references as written. */
  readonly content: JsonObject;
  readonly sha256: string;
}

/** What the kinds of sources and destinations have to say about a configuration, one sentence each beginning with its place; empty: nothing. */
export type ConfigCheck = (config: TenantConfig) => readonly string[];

/** What a configuration is judged with. */
export interface ConfigContext extends ReferenceSources {
  readonly check: ConfigCheck;
}

export type Preparation = { readonly prepared: PreparedVersion } | { readonly problems: readonly string[] };

/**
 * From what a tenant's file says to what may become a version, or every problem there is.
 *
 * @param readMappingFile reads what becomes part of the version; references are read as the gateways will read them, by the context
 */
export function prepareVersion(
  parsed: JsonValue,
  context: ConfigContext,
  readMappingFile: ConfigContext['readFile'] = context.readFile,
): Preparation {
  if (!isJsonObject(parsed)) return { problems: ['is not an object with members such as tenant, sources and rules'] };
  const inlined = inlineMappingFiles(parsed, context, readMappingFile);
  const resolved = resolveContent(inlined.content, context);
  const problems = [...inlined.problems, ...writtenSecrets(inlined.content), ...unstorableTexts(inlined.content)];
  if ('problems' in resolved) return { problems: [...problems, ...resolved.problems] };
  if (problems.length > 0) return { problems };
  const { config } = resolved;
  return {
    prepared: { tenantId: config.tenant as TenantId, config, content: inlined.content, sha256: contentSha256(inlined.content) },
  };
}

/** The content of a version as this process uses it; the same check for a file about to be imported and for a version to be taken up. */
export function resolveContent(
  content: JsonValue,
  context: ConfigContext,
): { readonly config: TenantConfig } | { readonly problems: readonly string[] } {
  const resolved = resolveReferences(content, context);
  const checked = checkTenantConfig(resolved.content);
  if (resolved.problems.length === 0) {
    if ('problems' in checked) return checked;
    const problems = context.check(checked.config);
    return problems.length === 0 ? checked : { problems };
  }
  const places = resolved.problems.map((problem) => problem.slice(0, problem.indexOf(':') + 1));
  const others = 'problems' in checked ? checked.problems : [];
  // A value whose reference is open is judged only by that.
  return { problems: [...resolved.problems, ...others.filter((problem) => !places.some((place) => problem.startsWith(place)))] };
}

/** Places of secrets: [list, path within an item]. Only references may stand there, because versions are kept for ever and read by support. */
const SECRETS = [
  ['sources', 'authentication.secret'],
  ['sources', 'authentication.previous_secret'],
  ['sources', 'handshake_token'],
  ['sources', 'fetch.access_token'],
  ['destinations', 'authentication.token'],
  ['destinations', 'authentication.password'],
  ['destinations', 'authentication.key'],
  ['destinations', 'authentication.client_secret'],
  ['destinations', 'authentication.secret'],
  ['destinations', 'authentication.previous_secret'],
] as const;

function writtenSecrets(content: JsonObject): string[] {
  return SECRETS.flatMap(([list, path]) => {
    const items = content[list];
    if (!Array.isArray(items)) return [];
    return items.flatMap((item, index) => {
      const secret = readPath(item, path);
      if (typeof secret !== 'string' || secret === '' || isReference(secret)) return [];
      return [
        `${list}[${index}].${path}: a secret is written out here, and versions are kept in the database. Put it in a variable or a file and write env:NAME or file:PATH`,
      ];
    });
  });
}

/** jsonb takes neither NUL nor half of a surrogate pair. */
function unstorableTexts(content: JsonObject): string[] {
  const text = JSON.stringify(content);
  return /\\u0000|\\ud[89a-f][0-9a-f]{2}/.test(text) ? ['holds a NUL or half a surrogate pair, which Postgres cannot store'] : [];
}
