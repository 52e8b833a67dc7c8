import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import type { TenantId } from '#core';
import { type ListedEvent, readOperatorEvents } from '#operator-events';
import { CheckedQuery, pageOf, Pools } from '#platform';
import { ReadAnswers } from '../openapi/read-answers.js';
import { type OperatorEventShape, OperatorEventsPage, OperatorEventsQuery } from './operator-event-shapes.js';

@ApiTags('operators')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/operator-events')
export class OperatorEventsController {
  constructor(private readonly pools: Pools) {}

  @Get()
  @ApiOperation({ summary: 'What operators were told, or would have been, newest first, in pages; a tenant sees what concerns it' })
  @ApiOkResponse({ type: OperatorEventsPage })
  async page(@Caller() caller: CallerOf<'tenant' | 'operator'>, @CheckedQuery() query: OperatorEventsQuery): Promise<OperatorEventsPage> {
    const scope = scopeOf(caller);
    const wanted = query.tenant as TenantId | undefined;
    if (scope !== 'every_tenant' && wanted !== undefined && wanted !== scope.only) return { events: [], next_cursor: null };
    const tenantId = scope === 'every_tenant' ? wanted : scope.only;
    const { type, subject, cursor, limit } = query;
    const rows = await readOperatorEvents(this.pools.work, { tenantId, type, subject, cursor, limit: limit + 1 });
    const page = pageOf(rows, limit);
    return { events: page.rows.map(shapeOf), next_cursor: page.next_cursor };
  }
}

function shapeOf(event: ListedEvent): OperatorEventShape {
  const { id, type, tenantId, subject, detail, at, sentAt, attempts, nextAttemptAt, summarisedIn, lastError } = event;
  return {
    id,
    type,
    tenant: tenantId,
    subject,
    detail,
    at,
    sent_at: sentAt,
    attempts,
    next_attempt_at: sentAt === null ? nextAttemptAt : null,
    summarised_in: summarisedIn,
    last_error: lastError,
  };
}
