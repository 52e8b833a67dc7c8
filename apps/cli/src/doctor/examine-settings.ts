import { InvalidSettings, settingWarnings, type Settings } from '#platform';
import type { World } from '../command.js';
import { settingsOf } from '../database.js';
import { bad, good, warn, type Finding } from './finding.js';

const ABOUT = 'settings';

/** The settings, where they can be used, and what is to say about them. */
export function examineSettings(world: World): { settings: Settings | undefined; findings: Finding[] } {
  const warnings = settingWarnings(world.env).map((says) => warn(ABOUT, says, 'correct its name or remove it'));
  try {
    const settings = settingsOf(world);
    return { settings, findings: [good(ABOUT, 'every setting can be used'), ...warnings, ...ownerMissing(settings)] };
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    const findings = error.problems.map((problem) =>
      bad(ABOUT, problem, 'set it anew, or remove it; .env.example describes every setting'),
    );
    return { settings: undefined, findings: [...findings, ...warnings] };
  }
}

function ownerMissing({ database }: Settings): Finding[] {
  if (database.url === undefined || database.migrateUrl !== undefined) return [];
  return [
    warn(
      ABOUT,
      'DATABASE_URL also migrates, so the role of the gateway owns its tables and could rewrite the audit trail if somebody took it over',
      'make a role leadgate_owner that owns the database and a role leadgate_app, set DATABASE_URL to the second and MIGRATE_DATABASE_URL to the first, then: npm run db:migrate',
    ),
  ];
}
