import { isUnauthenticated, type TenantConfig } from '#core';
import {
  configFolderOf,
  listConfigFiles,
  loadConfigFile,
  problemsBetween,
  readActiveVersions,
  ReadFiles,
  type Pool,
  type Settings,
} from '#platform';
import type { World } from '../command.js';
import { configJudges } from '../tenant-files.js';
import { bad, good, warn, type Finding } from './finding.js';

const ABOUT = 'configuration';
const MEND_FILE = 'mend the file; a running gateway takes it up by itself, and until then the version before it stays';

/** The files, as the next start would find them. */
export function examineFiles(settings: Settings, world: World): Finding[] {
  const path = settings.files.config;
  let files: string[];
  try {
    files = listConfigFiles(path);
  } catch {
    return [bad(ABOUT, `${path} cannot be read`, 'let LEADGATE_CONFIG name the folder with the configuration')];
  }
  const loaded = files.map((file) => loadConfigFile(file, configFolderOf(path), configJudges(world)));
  const between = problemsBetween(loaded);
  const findings = loaded.flatMap(({ name, problems }) =>
    [...problems, ...(between.get(name) ?? [])].map((problem) => bad(ABOUT, `${name}: ${problem}`, MEND_FILE)),
  );
  return findings.length > 0 ? findings : [good(ABOUT, `no file of ${path} has a problem (${loaded.length})`)];
}

/** The active versions: can they be used here, and whom do sources without authentication answer? */
export async function examineActiveVersions(pool: Pool, settings: Settings, world: World): Promise<Finding[]> {
  const readFile = new ReadFiles(configFolderOf(settings.files.config)).read;
  const active = await readActiveVersions(pool, { ...configJudges(world), readFile });
  if (active.length === 0) {
    return [warn(ABOUT, 'no tenant has an active version yet', 'start a gateway: it imports the files of the configuration folder')];
  }
  const configs = active.flatMap(({ resolved }) => ('config' in resolved ? [resolved.config] : []));
  const unusable = active.flatMap(({ row, resolved }) =>
    ('problems' in resolved ? resolved.problems : []).map((problem) =>
      bad(
        ABOUT,
        `version ${row.version} of tenant ${row.tenantId}, which is active, cannot be used here: ${problem}`,
        'give every gateway the same variables and files, or activate a version that can be used: leadgate config activate',
      ),
    ),
  );
  return [...unusable, ...openSources(configs)];
}

/** One finding for all that are alike: a list of warnings that say the same hides the one that does not. */
function openSources(configs: readonly TenantConfig[]): Finding[] {
  const named = (isOpen: boolean): string[] =>
    configs.flatMap(({ tenant, sources }) =>
      sources
        .filter((source) => isUnauthenticated(source) && (source.open === true) === isOpen)
        .map(({ name, path }) => `${tenant}/${name} (${path})`),
    );
  const open = named(true);
  const local = named(false);
  return [
    ...(open.length === 0
      ? []
      : [
          warn(
            'sources',
            `without authentication, and open: true answers everybody: ${open.join(', ')}`,
            'give them a shared secret: authentication: { kind: shared_secret, secret: env:NAME }',
          ),
        ]),
    ...(local.length === 0
      ? []
      : [
          warn(
            'sources',
            `without authentication, so only programs on this machine that come without a proxy are answered: ${local.join(', ')}`,
            'for senders elsewhere give them a shared secret (the demo webhook: WEBHOOK_SHARED_SECRET), or set open: true in their configuration',
          ),
        ]),
  ];
}
