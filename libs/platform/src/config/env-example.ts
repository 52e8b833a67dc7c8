import { DEMO_TENANT_VARIABLES } from './demo-tenant-variables.js';
import { SETTING_KEYS } from './all-setting-keys.js';

/** The text of .env.example: every setting with its sentence, commented out at its preset. `npm run env:example` writes it. */
export function renderEnvExample(): string {
  const lines = [
    '# Every setting of Leadgate at its preset (an example where it has none). Written by `npm run env:example` from libs/platform/src/config/settings.ts; do not edit.',
    '# A variable that is empty counts as not set. To use a copy of this file: cp .env.example .env, then set -a; . ./.env; set +a',
  ];
  for (const [name, key] of Object.entries(SETTING_KEYS)) {
    lines.push('', `# ${key.sentence}`);
    lines.push(key.preset === undefined ? `#${name}=${'example' in key ? key.example : ''}` : `#${name}=${key.preset}`);
  }
  for (const [name, { sentence, example }] of Object.entries(DEMO_TENANT_VARIABLES)) lines.push('', `# ${sentence}`, `#${name}=${example}`);
  return `${lines.join('\n')}\n`;
}

/** The rows of the settings table in README.md, which `npm run env:example` writes too. */
export function renderSettingsTable(): string {
  const row = (name: string, preset: string | undefined, sentence: string): string =>
    `| ${[`\`${name}\``, preset ? `\`${preset}\`` : '', sentence].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    '| variable | preset | |',
    '|---|---|---|',
    ...Object.entries(SETTING_KEYS).map(([name, { preset, sentence }]) => row(name, preset, sentence)),
    ...Object.entries(DEMO_TENANT_VARIABLES).map(([name, { sentence }]) => row(name, undefined, sentence)),
  ].join('\n');
}
