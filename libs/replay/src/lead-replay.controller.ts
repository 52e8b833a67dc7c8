import type { ServerResponse } from 'node:http';
import { Controller, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiBody, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, TakesKeys } from '#access';
import { type DestinationId, LEAD_REPLAY_KINDS, SKIP_CAUSES, type SkipCause } from '#core';
import { CheckedBody, Conflict, HttpProblem, Pools } from '#platform';
import { ApiProblem, BodyAnswers, leadIdOf, noSuchLead, ReadAnswers } from '#reading';
import { replayLead } from './replay-lead.js';
import { LeadReplayRequestShape, ReplayedLeadShape } from './replay-shapes.js';
import { callerOf } from './replays.controller.js';

/** What was there is no more, and will not come back. */
class Gone extends HttpProblem {
  override readonly status = 410;
  override readonly title = 'Gone';
}

function skipped(cause: SkipCause): HttpProblem {
  return new (cause === 'erased' ? Gone : Conflict)(cause, SKIP_CAUSES[cause]);
}

@ApiTags('replays')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/leads')
export class LeadReplayController {
  constructor(private readonly pools: Pools) {}

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({
    summary:
      'Take a lead up again: `redeliver` sends the same payload under the same key, `reprocess` decides anew, `send_as_new` makes a second effect',
  })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiBody({ type: LeadReplayRequestShape })
  @ApiAcceptedResponse({ type: ReplayedLeadShape })
  @BodyAnswers(['kind', `must be one of ${LEAD_REPLAY_KINDS.join(', ')}`])
  @ApiProblem(noSuchLead())
  @ApiProblem(
    [skipped('delivered'), skipped('in_progress'), skipped('never_mapped')],
    'There is nothing to take up; `detail` says why and what helps',
  )
  @ApiProblem(skipped('erased'), 'The lead was erased')
  async replay(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @Param('id') id: string,
    @CheckedBody() { kind, reason, destination }: LeadReplayRequestShape,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<ReplayedLeadShape> {
    const leadId = leadIdOf(id);
    const destinationId = (destination ?? null) as DestinationId | null;
    const replayed = await replayLead(this.pools.work, { kind, leadId, reason, destinationId }, callerOf(caller));
    if (replayed === undefined) throw noSuchLead();
    const { outcome, status, deliveryIds } = replayed;
    if (outcome.kind === 'skipped') {
      throw skipped(outcome.cause);
    }
    const href = `/v1/leads/${leadId}`;
    response.setHeader('location', href);
    return { lead_id: leadId, kind, status, delivery_ids: deliveryIds, href };
  }
}
