import type { IncomingMessage } from 'node:http';
import { Controller, Get, Header, Param, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import { CheckedQuery, RecentQuery, requestIdOf, TenantQuery } from '#platform';
import { ApiProblem, ReadAnswers } from '../openapi/read-answers.js';
import { stringifyWithTexts } from './json-text.js';
import { historyOf } from './lead-answers.js';
import { leadIdOf, noSuchLead } from './lead-id.js';
import { LeadCounts, LeadHistory, RecentLead } from './lead-shapes.js';
import { PrismaLeadLists } from './prisma-lead-lists.js';
import { PrismaLeadReader } from './prisma-lead-reader.js';

/** The routes older clients read; names and members are theirs. */
@ApiTags('stats')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('stats/leads')
export class StatsController {
  constructor(
    private readonly lists: PrismaLeadLists,
    private readonly reader: PrismaLeadReader,
  ) {}

  @Get('counts')
  @ApiOperation({ summary: 'How many leads stand where' })
  @ApiOkResponse({ type: LeadCounts })
  counts(@Caller() caller: CallerOf<'tenant' | 'operator'>, @CheckedQuery() query: TenantQuery): Promise<LeadCounts> {
    return this.lists.counts(scopeOf(caller), query);
  }

  @Get('recent')
  @ApiOperation({ summary: 'The newest leads, without data of the persons' })
  @ApiOkResponse({ type: [RecentLead] })
  recent(@Caller() caller: CallerOf<'tenant' | 'operator'>, @CheckedQuery() query: RecentQuery): Promise<RecentLead[]> {
    return this.lists.recent(scopeOf(caller), query);
  }

  @Get(':id/history')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'The whole story of one lead: what came, what was decided, what was sent; an operator leaves an audit event' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: LeadHistory })
  @ApiProblem(noSuchLead())
  async history(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @Param('id') id: string,
    @Req() request: IncomingMessage,
  ): Promise<string> {
    const lookup = { leadId: leadIdOf(id), route: '/stats/leads/{id}/history', requestId: requestIdOf(request) };
    const lead = await this.reader.findLeadFor(caller, lookup);
    if (lead === undefined) throw noSuchLead();
    return stringifyWithTexts(historyOf(lead));
  }
}
