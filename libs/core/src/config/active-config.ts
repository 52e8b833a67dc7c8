import type { ConfigVersionId, SourceId, TenantId } from '../ids.js';
import type { SourceConfig } from './source-config.js';
import type { TenantConfig } from './tenant-config.js';

/** One version of a tenant's configuration with its references resolved. Versions are counted per tenant and kind. */
export interface ResolvedConfig {
  readonly id: ConfigVersionId;
  readonly tenantId: TenantId;
  readonly version: number;
  readonly rulesetVersion: number;
  readonly policyVersion: number;
  readonly config: TenantConfig;
}

export interface ConfiguredSource {
  readonly sourceId: SourceId;
  readonly source: SourceConfig;
  readonly resolved: ResolvedConfig;
}

/**
 * The active versions as this process sees them; at most 2 s behind the rows. Look-ups are synchronous: the hot route asks them.
 * Abstract class, so that it is also the injection token.
 */
export abstract class ActiveConfig {
  abstract tenant(tenantId: TenantId): ResolvedConfig | undefined;
  abstract tenants(): readonly ResolvedConfig[];
  /** @param path without trailing slash; several sources share one only as `sharesPathBy` says */
  abstract sourcesAt(path: string): readonly ConfiguredSource[];
}
