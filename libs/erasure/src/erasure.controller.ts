import { Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { Caller, type CallerOf, scopeOf, TakesKeys } from '#access';
import { CheckedBody, Pools } from '#platform';
import { ApiProblem, BodyAnswers, leadIdOf, noSuchLead, ReadAnswers } from '#reading';
import { eraseLead, ERASURE_REASONS } from './erase-lead.js';
import { ErasureAnswer, ErasureRequest } from './erasure-shapes.js';

@ApiTags('leads')
@ApiBearerAuth('key')
@ReadAnswers()
@TakesKeys('tenant', 'operator')
@Controller('v1/leads')
export class ErasureController {
  constructor(private readonly pools: Pools) {}

  @Post(':id/erase')
  @HttpCode(200)
  @ApiOperation({ summary: "Remove a person's data from a lead for good; asking twice is harmless" })
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiBody({ type: ErasureRequest })
  @ApiOkResponse({ type: ErasureAnswer })
  @BodyAnswers(['reason', `must be one of ${ERASURE_REASONS.join(', ')}`])
  @ApiProblem(noSuchLead())
  async erase(
    @Caller() caller: CallerOf<'tenant' | 'operator'>,
    @Param('id') id: string,
    @CheckedBody() { reason }: ErasureRequest,
  ): Promise<ErasureAnswer> {
    const actor = caller.scope === 'operator' ? 'operator' : (`key:${caller.keyId}` as const);
    const erased = await eraseLead(this.pools.work, { scope: scopeOf(caller), leadId: leadIdOf(id), actor, reason });
    if (erased === undefined) throw noSuchLead();
    const { leadId, already, toldTo } = erased;
    const lines = toldTo.map(({ destinationId, recordId, certain }) => ({ destination: destinationId, record_id: recordId, certain }));
    return { id: leadId, status: 'ERASED', already, told_to: lines };
  }
}
