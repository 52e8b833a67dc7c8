import { Controller, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, TakesKeys } from '#access';
import { CheckedBody } from '#platform';
import { ApiProblem, BodyAnswers, ReadAnswers } from '../openapi/read-answers.js';
import { ChangedDestination, DestinationShape, PauseOrder } from './destination-shapes.js';
import { KnownDestinations, managedByFile, noSuchDestination, type ReadingCaller, type WantedDestination } from './known-destinations.js';

/** The id of a destination, `demo/customer-api`, as the end of an address: what a list shows can be asked for as it is. */
@ApiTags('destinations')
@ApiBearerAuth('key')
@ReadAnswers()
@ApiParam({ name: 'tenant', example: 'demo' })
@ApiParam({ name: 'name', example: 'customer-api' })
@TakesKeys('tenant', 'operator')
@Controller('v1/destinations/:tenant/:name')
export class DestinationsByIdController {
  constructor(private readonly known: KnownDestinations) {}

  @Get()
  @ApiOperation({ summary: 'One destination, by its id' })
  @ApiOkResponse({ type: DestinationShape })
  @ApiProblem(noSuchDestination(), 'No destination has this id')
  one(@Caller() caller: ReadingCaller, @Param() id: WantedDestination): Promise<DestinationShape> {
    return this.known.one(caller, id);
  }

  @Put()
  @ApiOperation({ summary: 'Destinations come from the files of the configuration and are changed there' })
  @ApiProblem(noSuchDestination(), 'No destination has this id')
  @ApiProblem(managedByFile(), 'It comes from a file and is read-only here')
  replace(@Caller() caller: ReadingCaller, @Param() id: WantedDestination): Promise<never> {
    return this.known.replace(caller, id);
  }

  @Post('pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'The same as /v1/destinations/{name}/pause, by its id' })
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @BodyAnswers(['reason', 'must be a text of 1 to 200 characters on one line'])
  @ApiProblem(noSuchDestination(), 'No destination has this id')
  pause(@Caller() caller: ReadingCaller, @Param() id: WantedDestination, @CheckedBody() order: PauseOrder): Promise<ChangedDestination> {
    return this.known.pause(caller, id, order);
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'The same as /v1/destinations/{name}/resume, by its id' })
  @ApiBody({ type: PauseOrder })
  @ApiOkResponse({ type: ChangedDestination })
  @BodyAnswers(['reason', 'must be a text of 1 to 200 characters on one line'])
  @ApiProblem(noSuchDestination(), 'No destination has this id')
  resume(@Caller() caller: ReadingCaller, @Param() id: WantedDestination, @CheckedBody() order: PauseOrder): Promise<ChangedDestination> {
    return this.known.resume(caller, id, order);
  }
}
