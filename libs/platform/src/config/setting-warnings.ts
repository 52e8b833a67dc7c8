import { nearestName } from './nearest-name.js';
import type { Environment } from './environment.js';
import { SETTING_KEYS } from './all-setting-keys.js';

const PREFIX = 'LEADGATE_';
/** Read by the test run, not by the gateway. */
const TEST_VARIABLES = /^LEADGATE_(TEST_|REQUIRE_)/;

/** One line for every LEADGATE_* variable that nothing reads: usually a slip of the keyboard whose setting would silently stay at its preset. */
export function settingWarnings(env: Environment): string[] {
  const known = new Map(Object.keys(SETTING_KEYS).map((name) => [withoutPrefix(name), name]));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !(name in SETTING_KEYS) && !TEST_VARIABLES.test(name))
    .sort()
    .map((name) => {
      const meant = nearestName(withoutPrefix(name), known.keys());
      return `${name} is set but nothing reads it${meant === undefined ? '' : `; did you mean ${known.get(meant)}?`}`;
    });
}

function withoutPrefix(name: string): string {
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
