import { Injectable } from '@nestjs/common';
import { type CallerOf, scopeOf } from '#access';
import type { AuditActor } from '#audit';
import { ActiveConfig, type DestinationId, destinationIdOf, type TenantId } from '#core';
import { Conflict, InvalidRequest, NotFound, Pools } from '#platform';
import type { ChangedDestination, DestinationShape, PauseOrder } from './destination-shapes.js';
import { type DestinationStanding, readDestinations } from './pg-destinations.js';
import { pauseDestination, resumeDestination } from './pg-pause-destination.js';

export type ReadingCaller = CallerOf<'tenant' | 'operator'>;

/** Which destination a caller means. */
export interface WantedDestination {
  /** undefined: of the only tenant that has one of the name, as far as the caller sees. */
  readonly tenant: string | undefined;
  readonly name: string;
}

export const noSuchDestination = (): NotFound =>
  new NotFound('destination_not_found', 'No destination has this name; GET /v1/destinations lists them.');
export const managedByFile = (): Conflict =>
  new Conflict(
    'managed_by_file',
    'This destination comes from a file of the configuration and is read-only here. Change the file; a running gateway takes it up by itself, and leadgate config apply does so at once.',
  );
export const tenantNeeded = (): InvalidRequest =>
  new InvalidRequest(
    'tenant_needed',
    'Several tenants have a destination of this name: ask for /v1/destinations/{tenant}/{name}, or add ?tenant=<id>.',
    [{ pointer: '/tenant', code: 'required', detail: 'which tenant’s destination' }],
  );

/** What callers of the API may see of destinations and do to them: a tenant's key sees its own, somebody else's are not there. */
@Injectable()
export class KnownDestinations {
  constructor(
    private readonly pools: Pools,
    private readonly config: ActiveConfig,
  ) {}

  async all(caller: ReadingCaller, tenant: string | undefined): Promise<DestinationShape[]> {
    return (await this.find(caller, tenant, undefined)).map((one) => this.shapeOf(one));
  }

  /** @throws NotFound, InvalidRequest when several tenants have one of the name */
  async one(caller: ReadingCaller, wanted: WantedDestination): Promise<DestinationShape> {
    return this.shapeOf(await this.findOne(caller, wanted));
  }

  /** @throws NotFound, Conflict: what comes from a file is changed there */
  async replace(caller: ReadingCaller, wanted: WantedDestination): Promise<never> {
    await this.findOne(caller, wanted);
    throw managedByFile();
  }

  pause(caller: ReadingCaller, wanted: WantedDestination, order: PauseOrder): Promise<ChangedDestination> {
    return this.change(caller, wanted, order, pauseDestination);
  }

  resume(caller: ReadingCaller, wanted: WantedDestination, order: PauseOrder): Promise<ChangedDestination> {
    return this.change(caller, wanted, order, resumeDestination);
  }

  private async change(
    caller: ReadingCaller,
    wanted: WantedDestination,
    { reason }: PauseOrder,
    make: typeof pauseDestination,
  ): Promise<ChangedDestination> {
    const { id: destinationId, tenantId, name } = await this.findOne(caller, wanted);
    const actor: AuditActor = caller.scope === 'operator' ? 'operator' : `key:${caller.keyId}`;
    const changed = await make(this.pools.work, { destinationId, tenantId, actor, reason });
    return { changed, destination: await this.one(caller, { tenant: tenantId, name }) };
  }

  private async findOne(caller: ReadingCaller, { tenant, name }: WantedDestination): Promise<DestinationStanding> {
    const [found, another] = await this.find(caller, tenant, name);
    if (found === undefined) throw noSuchDestination();
    if (another !== undefined) throw tenantNeeded();
    return found;
  }

  private async find(caller: ReadingCaller, tenant: string | undefined, name: string | undefined): Promise<DestinationStanding[]> {
    const scope = scopeOf(caller);
    const wanted = tenant as TenantId | undefined;
    if (scope !== 'every_tenant' && wanted !== undefined && wanted !== scope.only) return [];
    return readDestinations(this.pools.work, { tenantId: scope === 'every_tenant' ? wanted : scope.only, name });
  }

  private shapeOf(standing: DestinationStanding): DestinationShape {
    const { tenantId, pausedBy, callsPerSecond, oldestWaitingSince, lastFailure, ...same } = standing;
    return {
      ...same,
      tenant: tenantId,
      host: this.hostOf(tenantId, standing.id),
      paused_by: pausedBy,
      calls_per_second: callsPerSecond,
      oldest_waiting_since: oldestWaitingSince,
      last_failure: lastFailure,
      managed_by: 'file',
    };
  }

  /** The path and the query of an address may hold a secret. */
  private hostOf(tenantId: TenantId, id: DestinationId): string | null {
    const config = this.config.tenant(tenantId)?.config.destinations.find(({ name }) => destinationIdOf(tenantId, name) === id);
    const url = config?.url;
    return url !== undefined && URL.canParse(url) ? new URL(url).host || null : null;
  }
}

/**
 * A name as it stands in a path. One with a slash (`demo%2Fcustomer-api`) is an id, as `GET /v1/destinations` shows it.
 * @param tenant what the query says; of another tenant than the id is nothing
 */
export function wantedBy(name: string, tenant: string | undefined): WantedDestination {
  const slash = name.indexOf('/');
  if (slash < 0) return { tenant, name };
  const ofId = name.slice(0, slash);
  return { tenant: ofId, name: tenant === undefined || tenant === ofId ? name.slice(slash + 1) : '' };
}
