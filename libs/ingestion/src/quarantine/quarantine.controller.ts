import type { IncomingMessage } from 'node:http';
import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import type { InboundRequestId, SourceId } from '#core';
import { CheckedQuery, requestIdOf } from '#platform';
import { ApiProblem, ReadAnswers } from '#reading';
import { PrismaQuarantine } from './prisma-quarantine.js';
import {
  QuarantinedRequestInFull,
  QuarantinePage,
  QuarantineQuery,
  ReleasedLeadLine,
  ReleasedRequest,
  ReleaseQuery,
} from './quarantine-shapes.js';
import { bodyCut, noSuchRequest, type ReleasedLead, ReleaseRequest, stillRefused } from './release-request.js';
import { sourceGone } from './source-of-request.js';

@ApiTags('quarantine')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/quarantine')
export class QuarantineController {
  constructor(
    private readonly quarantine: PrismaQuarantine,
    private readonly releaseRequest: ReleaseRequest,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Requests that did not become a lead, newest first, in pages, without their bodies' })
  @ApiOkResponse({ type: QuarantinePage })
  page(@Caller() caller: CallerOf<'tenant' | 'operator'>, @CheckedQuery() query: QuarantineQuery): Promise<QuarantinePage> {
    return this.quarantine.page(scopeOf(caller), query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One refused request as it arrived; an operator leaves an audit event' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: QuarantinedRequestInFull })
  @ApiProblem(noSuchRequest())
  async one(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @Param('id') id: string,
    @Req() request: IncomingMessage,
  ): Promise<QuarantinedRequestInFull> {
    const found = await this.quarantine.findFor(caller, inboundRequestIdOf(id), requestIdOf(request));
    if (found === undefined) throw noSuchRequest();
    return found;
  }

  @Post(':id/release')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a refused request in after a fix; releasing it twice gives the same leads' })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReleasedRequest })
  @ApiProblem(noSuchRequest())
  @ApiProblem(
    [bodyCut(), sourceGone()],
    'It cannot be released: its body was cut, its source is gone or unknown, or its key belongs to another body',
  )
  @ApiProblem(stillRefused({ verdict: 'malformed_json', detail: 'The body is not valid JSON.' }), 'The stored bytes are still no lead')
  async release(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @Param('id') id: string,
    @CheckedQuery() { source }: ReleaseQuery,
  ): Promise<ReleasedRequest> {
    const requestId = inboundRequestIdOf(id);
    const [first, ...others] = await this.releaseRequest.release(caller, requestId, (source as SourceId | undefined) ?? null);
    return { id: requestId, status: 'released', ...lineOf(first), leads: [first, ...others].map(lineOf) };
  }
}

function lineOf({ leadId, created }: ReleasedLead): ReleasedLeadLine {
  return { lead_id: leadId, created, href: `/v1/leads/${leadId}` };
}

/** What is no UUID is no request's id: unknown, not malformed. */
function inboundRequestIdOf(text: string): InboundRequestId {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) throw noSuchRequest();
  return text.toLowerCase() as InboundRequestId;
}
