import {
  ActiveConfig,
  DEFAULT_RETRY_MULTIPLES,
  destinationIdOf,
  FETCH_RETRY_MULTIPLES,
  fetchDestinationIdOf,
  type DestinationConfig,
  type DestinationId,
  type SourceConfig,
  type TenantConfig,
  type TenantId,
} from '#core';
import type { Destination, FetchingSource } from './destination.port.js';
import type { DestinationRegistry } from './destination-registry.js';
import { Slots } from './slots.js';

/** Calls in flight at once, per destination and process, unless its kind or its configuration says otherwise. */
const CONCURRENCY = 32;
/** The same for fetches: one webhook may tell of a thousand leads, and who keeps them counts our calls. */
const FETCH_CONCURRENCY = 8;

/** A fetch asks and changes nothing, so it may be repeated; 401 and 403 mean that our token is refused. */
const FETCH: ReachableDestination['config'] = { answers: 'standard', effect: 'keyed' };

/** A destination as the active configuration has it now. */
export interface ReachableDestination {
  readonly config: Pick<DestinationConfig, 'answers' | 'effect'>;
  readonly destination: Destination;
  readonly schedule: { readonly multiples: readonly number[]; readonly baseSeconds: number };
  readonly slots: Slots;
}

export type FoundDestination = ReachableDestination | { readonly problem: string };

/**
 * Destinations by the configuration that is active at the moment of the call: an address or token that was mended counts for the next
 * attempt of every waiting delivery.
 */
export class ConfiguredDestinations {
  /** The limit of a destination outlives a version of its configuration, else calls in flight would not count after a change. */
  private readonly slots = new Map<DestinationId, Slots>();
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
    const found = isFetchingSource(config) ? this.openFetcher(destinationId, config) : this.open(destinationId, config);
    this.found.set(config, found);
    return found;
  }

  private open(destinationId: DestinationId, config: DestinationConfig): FoundDestination {
    const problems = this.registry.problems(config);
    if (problems.length > 0) return { problem: `Destination ${destinationId} cannot be used: ${problems.join('; ')}` };
    return {
      config,
      destination: this.registry.open(config),
      schedule: { multiples: config.retry_multiples ?? DEFAULT_RETRY_MULTIPLES, baseSeconds: this.retryBaseSeconds },
      slots: this.slotsOf(destinationId, config.concurrency ?? this.registry.concurrencyOf(config) ?? CONCURRENCY),
    };
  }

  private openFetcher(destinationId: DestinationId, source: FetchingSource): FoundDestination {
    const problems = this.registry.fetchProblems(source);
    if (problems.length > 0) return { problem: `Leads cannot be fetched from ${destinationId}: ${problems.join('; ')}` };
    return {
      config: FETCH,
      destination: this.registry.openFetcher(source),
      schedule: { multiples: source.fetch.retry_multiples ?? FETCH_RETRY_MULTIPLES, baseSeconds: this.retryBaseSeconds },
      slots: this.slotsOf(destinationId, FETCH_CONCURRENCY),
    };
  }

  private slotsOf(destinationId: DestinationId, limit: number): Slots {
    const slots = this.slots.get(destinationId) ?? new Slots(limit);
    this.slots.set(destinationId, slots);
    slots.resize(limit);
    return slots;
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
