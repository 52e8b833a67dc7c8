import { Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, TakesKeys } from '#access';
import { CheckedBody, CheckedQuery } from '#platform';
import { ApiProblem, BodyAnswers, ReadAnswers } from '../openapi/read-answers.js';
import { ChangedDestination, DestinationShape, DestinationsList, DestinationsQuery, PauseOrder } from './destination-shapes.js';
import { KnownDestinations, managedByFile, noSuchDestination, type ReadingCaller, tenantNeeded, wantedBy } from './known-destinations.js';

const NAME = { name: 'name', example: 'customer-api', description: 'Its name, or its id with the slash as %2F' };

@ApiTags('destinations')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/destinations')
export class DestinationsController {
  constructor(private readonly known: KnownDestinations) {}

  @Get()
  @ApiOperation({ summary: 'Where leads go, and how each of them stands: the same in every process' })
  @ApiOkResponse({ type: DestinationsList })
  async list(@Caller() caller: ReadingCaller, @CheckedQuery() { tenant }: DestinationsQuery): Promise<DestinationsList> {
    return { destinations: await this.known.all(caller, tenant) };
  }

  @Get(':name')
  @ApiOperation({ summary: 'One destination' })
  @ApiParam(NAME)
  @ApiOkResponse({ type: DestinationShape })
  @ApiProblem(noSuchDestination(), 'No destination has this name')
  one(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() { tenant }: DestinationsQuery,
  ): Promise<DestinationShape> {
    return this.known.one(caller, wantedBy(name, tenant));
  }

  @Put(':name')
  @ApiOperation({ summary: 'Destinations come from the files of the configuration and are changed there' })
  @ApiParam(NAME)
  @ApiProblem(noSuchDestination(), 'No destination has this name')
  @ApiProblem(managedByFile(), 'It comes from a file and is read-only here')
  replace(@Caller() caller: ReadingCaller, @Param('name') name: string, @CheckedQuery() { tenant }: DestinationsQuery): Promise<never> {
    return this.known.replace(caller, wantedBy(name, tenant));
  }

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Send nothing to it until it is resumed; its leads wait, and no attempt of theirs is used up' })
  @ApiParam(NAME)
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @BodyAnswers(['reason', 'must be a text of 1 to 200 characters on one line'], tenantNeeded())
  @ApiProblem(noSuchDestination(), 'No destination has this name')
  pause(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() { tenant }: DestinationsQuery,
    @CheckedBody() order: PauseOrder,
  ): Promise<ChangedDestination> {
    return this.known.pause(caller, wantedBy(name, tenant), order);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Call it again: ends a pause or hold; one that was failing is probed at once' })
  @ApiParam(NAME)
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @BodyAnswers(['reason', 'must be a text of 1 to 200 characters on one line'], tenantNeeded())
  @ApiProblem(noSuchDestination(), 'No destination has this name')
  resume(
    @Caller() caller: ReadingCaller,
    @Param('name') name: string,
    @CheckedQuery() { tenant }: DestinationsQuery,
    @CheckedBody() order: PauseOrder,
  ): Promise<ChangedDestination> {
    return this.known.resume(caller, wantedBy(name, tenant), order);
  }
}
