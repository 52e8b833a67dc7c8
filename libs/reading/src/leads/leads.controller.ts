import type { IncomingMessage } from 'node:http';
import { Controller, Get, Header, Param, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, TakesKeys } from '#access';
import { ActiveConfig, type TenantId } from '#core';
import { CheckedQuery, requestIdOf } from '#platform';
import { ApiProblem, ReadAnswers } from '../openapi/read-answers.js';
import { stringifyWithTexts } from './json-text.js';
import { leadOf } from './lead-answers.js';
import { leadIdOf, noSuchLead } from './lead-id.js';
import { LeadShape, LeadsPage } from './lead-shapes.js';
import { LeadsQuery } from './leads-query.js';
import { PrismaLeadLists } from './prisma-lead-lists.js';
import { PrismaLeadReader } from './prisma-lead-reader.js';

@ApiTags('leads')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/leads')
export class LeadsController {
  constructor(
    private readonly lists: PrismaLeadLists,
    private readonly reader: PrismaLeadReader,
    private readonly config: ActiveConfig,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Leads, newest first, filtered, in pages; an operator who looks for an e-mail or phone leaves an audit event' })
  @ApiOkResponse({ type: LeadsPage })
  page(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @CheckedQuery() query: LeadsQuery,
    @Req() request: IncomingMessage,
  ): Promise<LeadsPage> {
    return this.lists.page(caller, query, requestIdOf(request));
  }

  @Get(':id')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'One lead in full, with every journey and delivery; an operator leaves an audit event' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: LeadShape })
  @ApiProblem(noSuchLead())
  async one(@Caller() caller: CallerOf<'tenant' | 'operator'>, @Param('id') id: string, @Req() request: IncomingMessage): Promise<string> {
    const lookup = { leadId: leadIdOf(id), route: '/v1/leads/{id}', requestId: requestIdOf(request) };
    const lead = await this.reader.findLeadFor(caller, lookup);
    if (lead === undefined) throw noSuchLead();
    return stringifyWithTexts(leadOf(lead, this.config.tenant(lead.tenantId as TenantId)?.config));
  }
}
