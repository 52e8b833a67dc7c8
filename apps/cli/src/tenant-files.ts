import { realpathSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { destinationProblems } from '#delivery';
import { SourceKinds } from '#ingestion';
import { type ConfigJudges, configFolderOf, type LoadedFile, loadConfigFile, originOf, OutboundRules, type Settings } from '#platform';
import type { World } from './command.js';
import { settingsOf } from './database.js';

/** The same judgement as the gateway's: the kinds of sources and destinations have their say. */
export function configJudges(world: World): ConfigJudges {
  const rules = new OutboundRules(settingsOf(world).outbound.allowed);
  return { env: world.env, check: (config) => [...new SourceKinds().problemsOf(config), ...destinationProblems(config, rules)] };
}

/** A file that may lie anywhere, judged as the gateways will use it: with the secrets that their configuration folder refers to. */
export function loadTenantFile(path: string, world: World): LoadedFile {
  return loadConfigFile(path, dirname(path), configJudges(world), configFolderOf(settingsOf(world).files.config));
}

/** As the person at the command line means it. */
export function pathFrom({ folder }: World, path: string): string {
  return resolve(folder, path);
}

/**
 * Where a version made from this file comes from. A file of the configuration folder keeps the origin it has when the gateway imports
 * it, so that the next start does not import it a second time.
 */
export function originOfPath(path: string, settings: Settings): string {
  const name = basename(path);
  return sameFolder(dirname(path), configFolderOf(settings.files.config)) ? originOf(name) : `apply:${name}`;
}

function sameFolder(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}
