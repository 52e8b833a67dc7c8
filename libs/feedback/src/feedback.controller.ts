import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, TakesKeys } from '#access';
import { CheckedBody } from '#platform';
import { ApiProblem, BodyAnswers, leadIdOf, noSuchLead, ReadAnswers } from '#reading';
import { tooMuchFeedback } from './feedback-limits.js';
import { Feedback, RecordedFeedback } from './feedback-shapes.js';
import { RecordFeedback } from './record-feedback.js';

@ApiTags('feedback')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant')
@Controller('v1/feedback')
export class FeedbackController {
  constructor(private readonly recordFeedback: RecordFeedback) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'What the CRM made of a lead; `lead_duplicate_corrected` frees the identities the lead claimed. Needs a key of the tenant',
  })
  @ApiBody({ type: Feedback })
  @ApiOkResponse({ type: RecordedFeedback })
  @BodyAnswers(['lead_id', 'must be the id of a lead'])
  @ApiProblem(noSuchLead(), 'No lead of the tenant has this id')
  @ApiProblem(
    tooMuchFeedback('A tenant', { policy: 'tenant', limit: 1000, windowSeconds: 3600, resetSeconds: 90 }),
    'More than 1,000 events of the tenant or 10,000 of all tenants within an hour',
  )
  async take(@Caller() caller: CallerOf<'tenant'>, @CheckedBody() feedback: Feedback): Promise<RecordedFeedback> {
    if (feedback.tenant_id !== undefined && feedback.tenant_id !== caller.tenantId) throw noSuchLead();
    const leadId = leadIdOf(feedback.lead_id);
    const recorded = await this.recordFeedback.record(caller, { type: feedback.type, leadId, crmRecordId: feedback.crm_record_id ?? null });
    if (recorded === undefined) throw noSuchLead();
    return recorded;
  }
}
