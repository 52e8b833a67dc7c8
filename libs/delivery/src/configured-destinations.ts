import {
  ActiveConfig,
  DEFAULT_RETRY_MULTIPLES,
  destinationIdOf,
  FETCH_RETRY_MULTIPLES,
  RETRY_AFTER_CAP_MULTIPLE,
  fetchDestinationIdOf,
  type BreakerConfig,
  type BreakerRules,
  type DestinationConfig,
  type DestinationId,
  type MappingConfig,
  type SourceConfig,
  type TenantConfig,
  type TenantId,
} from '#core';
import type { Destination, FetchingSource } from './destination.port.js';
import type { DestinationRegistry } from './destination-registry.js';
import { LEASE_SECONDS } from './attempt-ledger.port.js';
import type { CallLimits } from './decide-share.js';

/** Calls in flight at once, per destination and process, unless its kind or its configuration says otherwise. */
const CONCURRENCY = 32;
/** The same for fetches: one webhook may tell of a thousand leads, and who keeps them counts our calls. */
const FETCH_CONCURRENCY = 8;

/** Failures of different leads in a row, and the wait for a probe in retry bases (300 s with the preset). */
const BREAKER_FAILURES = 5;
const PROBE_MULTIPLE = 10;

/** A fetch asks and changes nothing, so it may be repeated; 401 and 403 mean that our token is refused. */
const FETCH: ReachableDestination['config'] = { answers: 'standard', effect: 'keyed' };

/** A destination as the active configuration has it now. */
export interface ReachableDestination {
  readonly config: Pick<DestinationConfig, 'answers' | 'effect'>;
  readonly destination: Destination;
  readonly schedule: { readonly multiples: readonly number[]; readonly baseSeconds: number };
  readonly limits: CallLimits;
  readonly breaker: BreakerRules;
  /** The longest it may ask for quiet at once. */
  readonly longestQuietSeconds: number;
}

export type FoundDestination = ReachableDestination | { readonly problem: string };

/**
 * Destinations by the configuration that is active at the moment of the call: an address or token that was mended counts for the next
 * attempt of every waiting delivery.
 */
export class ConfiguredDestinations {
  /** Once per version: a new version brings new objects. */
  private readonly found = new WeakMap<DestinationConfig | SourceConfig, FoundDestination>();

  constructor(
    private readonly active: ActiveConfig,
    private readonly registry: DestinationRegistry,
    /** LEADGATE_RETRY_BASE_SECONDS */
    readonly retryBaseSeconds: number,
  ) {}

  find(tenantId: TenantId, destinationId: DestinationId): FoundDestination {
    const tenant = this.active.tenant(tenantId)?.config;
    const config = tenant && (destinationIn(tenant, tenantId, destinationId) ?? fetchingSourceIn(tenant, tenantId, destinationId));
    if (config === undefined) return { problem: `Destination ${destinationId} is not in the active configuration` };
    const known = this.found.get(config);
    if (known !== undefined) return known;
    const found = isFetchingSource(config)
      ? this.openFetcher(destinationId, config)
      : this.open(destinationId, config, { tenantId, mappings: tenant?.mappings ?? [] });
    this.found.set(config, found);
    return found;
  }

  private open(
    destinationId: DestinationId,
    config: DestinationConfig,
    { tenantId, mappings }: { readonly tenantId: TenantId; readonly mappings: readonly MappingConfig[] },
  ): FoundDestination {
    const problems = this.registry.problems(config);
    const mapping = mappings.find(({ name }) => name === config.mapping);
    if (mapping === undefined) problems.push(`mapping: there is none of the name ${config.mapping}`);
    if (mapping === undefined || problems.length > 0)
      return { problem: `Destination ${destinationId} cannot be used: ${problems.join('; ')}` };
    return {
      config,
      destination: this.registry.open(config, { tenantId, mapping }),
      schedule: { multiples: config.retry_multiples ?? DEFAULT_RETRY_MULTIPLES, baseSeconds: this.retryBaseSeconds },
      limits: {
        concurrency: config.concurrency ?? null,
        concurrencyPerProcess: this.registry.concurrencyOf(config) ?? CONCURRENCY,
        ratePerSecond: config.rate_per_second ?? null,
      },
      breaker: this.breakerRules(config.breaker),
      longestQuietSeconds: this.longestQuietSeconds,
    };
  }

  private openFetcher(destinationId: DestinationId, source: FetchingSource): FoundDestination {
    const problems = this.registry.fetchProblems(source);
    if (problems.length > 0) return { problem: `Leads cannot be fetched from ${destinationId}: ${problems.join('; ')}` };
    return {
      config: FETCH,
      destination: this.registry.openFetcher(source),
      schedule: { multiples: source.fetch.retry_multiples ?? FETCH_RETRY_MULTIPLES, baseSeconds: this.retryBaseSeconds },
      limits: { concurrency: null, concurrencyPerProcess: FETCH_CONCURRENCY, ratePerSecond: null },
      breaker: this.breakerRules(undefined),
      longestQuietSeconds: this.longestQuietSeconds,
    };
  }

  private breakerRules({ failures, probe_multiple, off }: BreakerConfig = {}): BreakerRules {
    return {
      failures: off === true ? null : (failures ?? BREAKER_FAILURES),
      probeAfterSeconds: (probe_multiple ?? PROBE_MULTIPLE) * this.retryBaseSeconds,
      probeLeaseSeconds: LEASE_SECONDS,
    };
  }

  private get longestQuietSeconds(): number {
    return RETRY_AFTER_CAP_MULTIPLE * this.retryBaseSeconds;
  }
}

export function isFetchingSource(config: DestinationConfig | SourceConfig): config is FetchingSource {
  return 'fetch' in config && config.fetch !== undefined;
}

function destinationIn({ destinations }: TenantConfig, tenantId: TenantId, id: DestinationId): DestinationConfig | undefined {
  return destinations.find(({ name }) => destinationIdOf(tenantId, name) === id);
}

function fetchingSourceIn({ sources }: TenantConfig, tenantId: TenantId, id: DestinationId): FetchingSource | undefined {
  return sources.filter(isFetchingSource).find(({ name }) => fetchDestinationIdOf(tenantId, name) === id);
}

/** The first part of its id is the tenant's, which has no slash. */
export function tenantOf(destinationId: DestinationId): TenantId {
  return destinationId.slice(0, destinationId.indexOf('/')) as TenantId;
}
