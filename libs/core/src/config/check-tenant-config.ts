import { isJsonObject, type JsonValue } from '../json.js';
import { checkDestinations } from './check-destinations.js';
import { checkMappings } from './check-mappings.js';
import { checkPolicy } from './check-policy.js';
import { checkReadPath, checkRules } from './check-rules.js';
import { checkRoutes } from './check-routes.js';
import { checkShape, joinPath } from './check-shape.js';
import { checkSources } from './check-sources.js';
import { ProblemList } from './problem-list.js';
import { CRM_COLUMNS, TenantConfig, type NormalisationConfig } from './tenant-config.js';

/**
 * Judges the content of one tenant's configuration, its references resolved and its attribute rules read.
 * @param parsed what the YAML or JSON parser gave
 * @returns the configuration, or every problem in it as `<path>: <what is wrong and how to mend it>`; values are never repeated
 */
export function checkTenantConfig(parsed: unknown): { config: TenantConfig } | { problems: string[] } {
  const problems = new ProblemList();
  const plain = detached(parsed);
  if (!isJsonObject(plain)) {
    return {
      problems: ['A tenant file must hold one object with the members tenant, name, sources, rules, … and must not refer to itself.'],
    };
  }
  checkNoListInList(plain, '', problems);
  const config = checkShape(TenantConfig, plain, '', problems);
  checkNames(config, problems);
  checkSources(listOf(config.sources), problems);
  checkRules(config.rules, problems);
  checkPolicy(config.policy, problems);
  if (problems.isSound('normalisation')) checkNormalisation(config.normalisation, problems);
  if (problems.isSound('normalisation') && problems.isSound('dedup')) checkIdentities(config, problems);
  checkMappings(listOf(config.mappings), problems);
  checkDestinations(listOf(config.destinations), Array.isArray(config.mappings) ? config.mappings : undefined, problems);
  checkRoutes(listOf(config.routes ?? []), listOf(config.destinations), problems);
  checkCrmColumns(config.crm_columns ?? {}, problems);
  return problems.isEmpty ? { config } : { problems: problems.lines() };
}

/** A copy that shares nothing with the parser's result (YAML aliases make one object appear twice); undefined when it is no JSON. */
function detached(parsed: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(parsed) ?? 'null');
  } catch {
    return undefined;
  }
}

/** class-validator takes a list for an object and would judge its members instead. */
function checkNoListInList(value: JsonValue, path: string, problems: ProblemList): void {
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      if (Array.isArray(item)) problems.add(`${path}[${i}]`, 'must not be a list: a list in a list means nothing here');
      checkNoListInList(item, `${path}[${i}]`, problems);
    });
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) checkNoListInList(member, joinPath(path, name), problems);
  }
}

const listOf = <Item>(list: Item[]): Item[] => (Array.isArray(list) ? list : []);

function checkNames(config: TenantConfig, problems: ProblemList): void {
  const lists: [path: string, list: readonly { name: string }[]][] = [
    ['sources', listOf(config.sources)],
    ['rules.profiles', listOf(config.rules?.profiles)],
    ['mappings', listOf(config.mappings)],
    ['destinations', listOf(config.destinations)],
  ];
  for (const [path, list] of lists) {
    const names = list.map((item) => item?.name);
    names.forEach((name, n) => {
      const first = names.indexOf(name);
      if (typeof name === 'string' && first !== n)
        problems.add(`${path}[${n}].name`, `is already the name of ${path}[${first}]; choose another`);
    });
  }
}

function checkNormalisation(normalisation: NormalisationConfig, problems: ProblemList): void {
  for (const member of ['email', 'phone', 'booleans', 'verbatim'] as const) {
    normalisation[member]?.forEach((field, f) => checkReadPath(field, `normalisation.${member}[${f}]`, problems));
  }
}

function checkIdentities({ dedup, normalisation }: TenantConfig, problems: ProblemList): void {
  dedup.identities.forEach((identity, i) => {
    if (identity !== 'native_id' && normalisation[identity].length === 0) {
      problems.add(
        `dedup.identities[${i}]`,
        `can never be compared: normalisation.${identity} names no field; name one there or remove it here`,
      );
    }
  });
}

function checkCrmColumns(columns: Record<string, string>, problems: ProblemList): void {
  if (!problems.isSound('crm_columns')) return;
  const known: readonly string[] = CRM_COLUMNS;
  for (const [column, field] of Object.entries(columns)) {
    const path = `crm_columns.${column}`;
    if (!known.includes(column)) problems.add(path, `is no column of the CRM screen; use one of: ${known.join(', ')}`);
    if (typeof field === 'string') checkReadPath(field, path, problems);
    else problems.add(path, 'must be the dot path of a field, e.g. firstName');
  }
}
