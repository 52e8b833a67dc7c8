import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import type { TenantId } from '#core';
import { CheckedBody, CheckedQuery, Conflict, InvalidRequest, NotFound, pageOf, PageQuery } from '#platform';
import { ApiProblem, BodyAnswers, ReadAnswers } from '#reading';
import { PgWhatIfs } from './pg-what-ifs.js';
import type { WhatIf } from './what-if.js';
import { cursorOf, differenceAnswer, placeOf, whatIfAnswer } from './what-if-answers.js';
import {
  DifferencesQuery,
  DifferencesShape,
  PromotedShape,
  PromoteRequest,
  WhatIfRequest,
  WhatIfShape,
  WhatIfsPage,
} from './what-if-shapes.js';

type AnyCaller = CallerOf<'tenant' | 'operator'>;

const cannotRun = (problems: readonly string[]): InvalidRequest =>
  new InvalidRequest('what_if_refused', `It cannot be run: ${problems.join('; ')}.`);
const notRunning = (status: string): Conflict => new Conflict('what_if_not_running', `It is ${status} already.`);
const notPromoted = (problems: readonly string[]): Conflict =>
  new Conflict('what_if_not_promoted', `Nothing was changed: ${problems.join('; ')}.`);
const tenantMissing = (): InvalidRequest => new InvalidRequest('tenant_missing', 'Say whose configuration it is: tenant is missing.');
const noSuchTenant = (): NotFound => new NotFound('tenant_not_found', 'No tenant has this id.');
const noSuchRun = (): NotFound => new NotFound('what_if_not_found', 'No what-if has this id.');
const actorOf = (caller: AnyCaller): 'operator' | `key:${string}` => (caller.scope === 'operator' ? 'operator' : `key:${caller.keyId}`);

@ApiTags('what-ifs')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/what-ifs')
export class WhatIfController {
  constructor(private readonly whatIfs: PgWhatIfs) {}

  @Post()
  @ApiOperation({ summary: 'Try a version that is not active on the leads of a period; nothing is decided, claimed or sent by it' })
  @ApiBody({ type: WhatIfRequest })
  @ApiCreatedResponse({ type: WhatIfShape })
  @BodyAnswers(['draft', 'must be the number of a version, e.g. 7'], cannotRun(['the tenant demo has no version 7']), tenantMissing())
  @ApiProblem(noSuchTenant())
  async start(@Caller() caller: AnyCaller, @CheckedBody() request: WhatIfRequest): Promise<WhatIfShape> {
    const tenantId = tenantOf(caller, request.tenant);
    const result = await this.whatIfs.start({
      tenantId,
      draft: request.draft,
      baseline: request.baseline ?? 'active',
      from: new Date(request.from),
      to: request.to === undefined ? null : new Date(request.to),
      source: request.source ?? null,
      limit: request.limit ?? null,
      warmUpHours: request.warm_up_hours ?? null,
      actor: actorOf(caller),
    });
    if (result.kind === 'refused') throw cannotRun(result.problems);
    return whatIfAnswer(result.whatIf);
  }

  @Get()
  @ApiOperation({ summary: 'Runs, newest first' })
  @ApiOkResponse({ type: WhatIfsPage })
  async page(@Caller() caller: AnyCaller, @CheckedQuery() { tenant, cursor, limit }: PageQuery): Promise<WhatIfsPage> {
    const filter = { ...(tenant === undefined ? {} : { tenant }), ...(cursor === undefined ? {} : { before: cursor }), limit: limit + 1 };
    const { rows, next_cursor } = pageOf(await this.whatIfs.list(scopeOf(caller), filter), limit);
    return { what_ifs: rows.map(whatIfAnswer), next_cursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'One run: how far it is and what it found, counted' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: WhatIfShape })
  @ApiProblem(noSuchRun())
  async one(@Caller() caller: AnyCaller, @Param('id') id: string): Promise<WhatIfShape> {
    return whatIfAnswer(await this.find(caller, id));
  }

  @Get(':id/differences')
  @ApiOperation({ summary: 'What the draft would change, lead by lead' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: DifferencesShape })
  @ApiProblem(noSuchRun())
  async differences(
    @Caller() caller: AnyCaller,
    @Param('id') id: string,
    @CheckedQuery() { kind, cursor, limit }: DifferencesQuery,
  ): Promise<DifferencesShape> {
    const run = await this.find(caller, id);
    const filter = { ...(kind === undefined ? {} : { kind }), ...(cursor === undefined ? {} : { after: placeOf(cursor) }), limit };
    const { differences, next } = await this.whatIfs.differences(run.id, filter);
    return { differences: differences.map(differenceAnswer), next_cursor: next === null ? null : cursorOf(next) };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends a run after the step in hand; what it found until then stays' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: WhatIfShape })
  @ApiProblem(noSuchRun())
  @ApiProblem(notRunning('FINISHED'), 'It has come to an end already')
  async cancel(@Caller() caller: AnyCaller, @Param('id') id: string): Promise<WhatIfShape> {
    const result = await this.whatIfs.cancel(scopeOf(caller), uuidOf(id), actorOf(caller));
    if (result === undefined) throw noSuchRun();
    if (result.kind === 'not_running') throw notRunning(result.whatIf.status);
    return whatIfAnswer(result.whatIf);
  }

  @Post(':id/promote')
  @HttpCode(200)
  @ApiOperation({ summary: 'Makes the version that was tried the active one, if it is still known what that changes' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiBody({ type: PromoteRequest })
  @ApiOkResponse({ type: PromotedShape })
  @ApiProblem(noSuchRun())
  @BodyAnswers(['force', 'must be true or false'])
  @ApiProblem(
    notPromoted(['the run is RUNNING, not FINISHED']),
    'The run is unfinished, or another version is active than the one compared with',
  )
  async promote(
    @Caller() caller: AnyCaller,
    @Param('id') id: string,
    @CheckedBody() { force = false }: PromoteRequest,
  ): Promise<PromotedShape> {
    const run = await this.find(caller, id);
    const result = await this.whatIfs.promote(run, actorOf(caller), force);
    if (result.kind === 'refused') throw notPromoted(result.problems);
    return { tenant: run.tenantId, version: result.version.version, changed: result.kind === 'activated' };
  }

  private async find(caller: AnyCaller, id: string): Promise<WhatIf> {
    const run = await this.whatIfs.find(scopeOf(caller), uuidOf(id));
    if (run === undefined) throw noSuchRun();
    return run;
  }
}

function uuidOf(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw noSuchRun();
  return text.toLowerCase();
}

function tenantOf(caller: AnyCaller, wanted: string | undefined): TenantId {
  if (caller.scope === 'operator') {
    if (wanted === undefined) throw tenantMissing();
    return wanted as TenantId;
  }
  // A tenant's key has no word of other tenants, not even whether they are there.
  if (wanted !== undefined && wanted !== caller.tenantId) throw noSuchTenant();
  return caller.tenantId;
}
