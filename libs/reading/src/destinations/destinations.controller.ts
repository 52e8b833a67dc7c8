import { Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import type { AuditActor } from '#audit';
import { ActiveConfig, type DestinationId, destinationIdOf, type TenantId } from '#core';
import { CheckedBody, CheckedQuery, Conflict, InvalidRequest, NotFound, Pools } from '#platform';
import { ApiProblem, ReadAnswers } from '../openapi/read-answers.js';
import { ChangedDestination, DestinationShape, DestinationsList, DestinationsQuery, PauseOrder } from './destination-shapes.js';
import { type DestinationStanding, readDestinations } from './pg-destinations.js';
import { pauseDestination, resumeDestination } from './pg-pause-destination.js';

type ReadingCaller = CallerOf<'tenant' | 'operator'>;

@ApiTags('destinations')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/destinations')
export class DestinationsController {
  constructor(
    private readonly pools: Pools,
    private readonly config: ActiveConfig,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Where leads go, and how each of them stands: the same in every process' })
  @ApiOkResponse({ type: DestinationsList })
  async list(@Caller() caller: ReadingCaller, @CheckedQuery() query: DestinationsQuery): Promise<DestinationsList> {
    return { destinations: (await this.find(caller, query.tenant, undefined)).map((one) => this.shapeOf(one)) };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One destination' })
  @ApiParam({ name: 'name', example: 'customer-api' })
  @ApiOkResponse({ type: DestinationShape })
  @ApiProblem(404, 'No destination has this name')
  async one(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() query: DestinationsQuery,
  ): Promise<DestinationShape> {
    return this.shapeOf(await this.findOne(caller, query.tenant, name));
  }

  @Put(':name')
  @ApiOperation({ summary: 'Destinations come from the files of the configuration and are changed there' })
  @ApiParam({ name: 'name', example: 'customer-api' })
  @ApiProblem(404, 'No destination has this name')
  @ApiProblem(409, 'managed_by_file: it comes from a file and is read-only here')
  async replace(@Caller() caller: ReadingCaller, @Param('name') name: string, @CheckedQuery() query: DestinationsQuery): Promise<never> {
    await this.findOne(caller, query.tenant, name);
    throw new Conflict(
      'managed_by_file',
      'This destination comes from a file of the configuration and is read-only here. Change the file; a running gateway takes it up by itself, and leadgate config apply does so at once.',
    );
  }

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send nothing to it until it is resumed; its leads wait, and no attempt of theirs is used up' })
  @ApiParam({ name: 'name', example: 'customer-api' })
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @ApiProblem(404, 'No destination has this name')
  pause(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() query: DestinationsQuery,
    @CheckedBody() order: PauseOrder,
  ): Promise<ChangedDestination> {
    return this.change(caller, { tenant: query.tenant, name, order }, pauseDestination);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Call it again: ends a pause or hold; one that was failing is probed at once' })
  @ApiParam({ name: 'name', example: 'customer-api' })
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @ApiProblem(404, 'No destination has this name')
  resume(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() query: DestinationsQuery,
    @CheckedBody() order: PauseOrder,
  ): Promise<ChangedDestination> {
    return this.change(caller, { tenant: query.tenant, name, order }, resumeDestination);
  }

  private async change(
    caller: ReadingCaller,
    { tenant, name, order }: { readonly tenant: string | undefined; readonly name: string; readonly order: PauseOrder },
    make: typeof pauseDestination,
  ): Promise<ChangedDestination> {
    const { id: destinationId, tenantId } = await this.findOne(caller, tenant, name);
    const actor: AuditActor = caller.scope === 'operator' ? 'operator' : `key:${caller.keyId}`;
    const changed = await make(this.pools.work, { destinationId, tenantId, actor, reason: order.reason });
    return { changed, destination: this.shapeOf(await this.findOne(caller, tenantId, name)) };
  }

  private async findOne(caller: ReadingCaller, tenant: string | undefined, name: string): Promise<DestinationStanding> {
    const [found, another] = await this.find(caller, tenant, name);
    if (found === undefined) throw new NotFound('destination_not_found', 'No destination has this name; GET /v1/destinations lists them.');
    if (another !== undefined)
      throw new InvalidRequest('tenant_needed', 'Several tenants have a destination of this name: add ?tenant=<id>.', [
        { pointer: '/tenant', code: 'required', detail: 'which tenant’s destination' },
      ]);
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
