import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { isJsonObject, parseMappingFile, sharesPathBy, type JsonValue, type TenantId } from '#core';
import { parseConfigText } from './parse-config-text.js';
import { prepareVersion, type ConfigContext, type PreparedVersion } from './prepare-version.js';
import { ReadFiles } from './read-files.js';
import { readFailure } from './references.js';

/** One file of the configuration folder as it was when it was read. */
export interface LoadedFile {
  /** For people, e.g. `demo.yaml`. */
  readonly name: string;
  /** The tenant's version this file asks for; absent for mapping files and for files with problems. */
  readonly prepared?: PreparedVersion;
  /** The tenant it is about, also where it has problems; used to tell of two files for one tenant. */
  readonly tenantId?: TenantId;
  readonly problems: readonly string[];
  /** True once this file or one it reads changed. */
  changed(): boolean;
}

const KINDS: Readonly<Record<string, 'yaml' | 'json'>> = { '.yaml': 'yaml', '.yml': 'yaml', '.json': 'json' };

/** All that a configuration is judged with but the files, which each one brings itself. */
export type ConfigJudges = Omit<ConfigContext, 'readFile'>;

/** What `config_versions.origin` says of a version that came from this file of the configuration folder. */
export const originOf = (fileName: string): string => `file:${fileName}`;

/** LEADGATE_CONFIG names a folder or one file; what a file refers to starts from the folder. */
export function configFolderOf(configPath: string): string {
  return isFile(configPath) ? dirname(configPath) : configPath;
}

/**
 * The files of the configuration: `*.yaml`, `*.yml` and `*.json` of the folder, in the order of their names.
 * @throws the system's error when the folder cannot be read
 */
export function listConfigFiles(configPath: string): string[] {
  if (isFile(configPath)) return [configPath];
  return readdirSync(configPath)
    .filter((name) => !name.startsWith('.') && extname(name).toLowerCase() in KINDS)
    .sort()
    .map((name) => join(configPath, name))
    .filter(isFile);
}

/**
 * Reads one file and all it refers to. Whatever is wrong with it is in `problems`; it never throws.
 *
 * @param folder what the paths of mapping files start from
 * @param configFolder what those of `file:` references start from: the gateways' own folder, also where the file lies elsewhere
 */
export function loadConfigFile(path: string, folder: string, { env, check }: ConfigJudges, configFolder = folder): LoadedFile {
  const files = new ReadFiles(folder);
  const references = new ReadFiles(configFolder);
  const loaded = (rest: Partial<LoadedFile>): LoadedFile => ({
    name: basename(path),
    problems: [],
    changed: () => files.changed() || references.changed(),
    ...rest,
  });
  let text: string;
  try {
    text = files.read(path);
  } catch (error) {
    return loaded({ problems: [`cannot be read (${readFailure(error)})`] });
  }
  const kind = KINDS[extname(path).toLowerCase()];
  if (kind === undefined) return loaded({ problems: ['is neither .yaml, .yml nor .json'] });
  const parsing = parseConfigText(text, kind);
  if ('problems' in parsing) return loaded({ problems: parsing.problems });
  const { parsed } = parsing;
  if (!isTenantFile(parsed)) return loaded({ problems: mappingProblems(text) });
  const preparation = prepareVersion(parsed, { env, check, readFile: references.read }, files.read);
  const tenantId = typeof parsed.tenant === 'string' ? (parsed.tenant as TenantId) : undefined;
  if ('prepared' in preparation) return loaded({ prepared: preparation.prepared, tenantId: preparation.prepared.tenantId });
  return loaded({ problems: preparation.problems, ...(tenantId === undefined ? {} : { tenantId }) });
}

/** What only shows when all files are seen together, by file name: two files for one tenant, two tenants on one route. */
export function problemsBetween(files: readonly LoadedFile[]): Map<string, string[]> {
  const problems = new Map<string, string[]>();
  const tell = (name: string, problem: string) => problems.set(name, [...(problems.get(name) ?? []), problem]);
  files.forEach((file, index) => {
    for (const other of files.slice(index + 1)) {
      if (file.tenantId !== undefined && file.tenantId === other.tenantId) {
        const sentence = (twin: string) => `configures the tenant ${file.tenantId} as ${twin} does; neither is used until one of them goes`;
        tell(file.name, sentence(other.name));
        tell(other.name, sentence(file.name));
        continue;
      }
      const routes = new Map(file.prepared?.config.sources.map((source) => [source.path, sharesPathBy(source)]));
      for (const source of other.prepared?.config.sources ?? []) {
        const { path } = source;
        const sharedBy = routes.get(path);
        if (sharedBy === undefined || (sharedBy !== null && sharedBy === sharesPathBy(source))) continue;
        tell(file.name, `has a source at ${path}, and so has ${other.name}; a route belongs to one tenant`);
        tell(other.name, `has a source at ${path}, and so has ${file.name}; a route belongs to one tenant`);
      }
    }
  });
  return problems;
}

/** Mapping files lie beside the tenants' files; what makes a tenant's file is one of its top-level members. */
function isTenantFile(parsed: JsonValue): parsed is { [member: string]: JsonValue } {
  return isJsonObject(parsed) && ['tenant', 'sources', 'rules', 'destinations', 'mappings'].some((member) => member in parsed);
}

function mappingProblems(text: string): readonly string[] {
  const mapping = parseMappingFile(text);
  if (!('problems' in mapping)) return [];
  return ["is not a tenant's configuration (it has no member `tenant`), and as a mapping file it has problems:", ...mapping.problems];
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
