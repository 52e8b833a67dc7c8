import { join } from 'node:path';
import type { TenantConfig } from '#core';
import { loadConfigFile } from '../../libs/platform/src/config/load-config-files.js';
import { PROJECT_ROOT } from './child-process.js';

/** A tenant's configuration as it is shipped: read by the code that reads it at start, every reference at its default. */
export function shippedConfig(name: 'demo' | 'raw-crm' | 't1' | 't2'): TenantConfig {
  const folder = join(PROJECT_ROOT, 'config');
  const { prepared, problems } = loadConfigFile(join(folder, `${name}.yaml`), folder, { env: {}, check: () => [] });
  if (prepared === undefined) throw new Error(`config/${name}.yaml is not in order:\n${problems.join('\n')}`);
  return prepared.config;
}

/** The same with another rule profile switched on. */
export function withProfile(config: TenantConfig, active: string): TenantConfig {
  return { ...config, rules: { ...config.rules, active } };
}
