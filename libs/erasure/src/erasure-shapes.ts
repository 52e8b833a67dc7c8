import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ERASURE_REASONS, type ErasureReason } from './erase-lead.js';

export class ErasureRequest {
  @ApiProperty({ enum: ERASURE_REASONS, description: 'Kept in the audit trail, which outlives the lead' })
  @IsIn(ERASURE_REASONS, { message: `reason must be one of ${ERASURE_REASONS.join(', ')}` })
  reason!: ErasureReason;
}

export class ToldDestinationLine {
  @ApiProperty({ example: 'demo/crm' }) destination!: string;
  @ApiProperty({ type: String, nullable: true, description: 'The record there; said once, null for a lead that was erased before' })
  record_id!: string | null;
  @ApiProperty({
    description:
      'false: a call ended without an answer, or with one that leaves it open (a 2xx nobody recognised, 408, 5xx), so whether it has the lead is not known',
  })
  certain!: boolean;
}

export class ErasureAnswer {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['ERASED'] }) status!: 'ERASED';
  @ApiProperty({ description: 'It was erased before; nothing was changed' }) already!: boolean;
  @ApiProperty({
    type: [ToldDestinationLine],
    description: 'Who may have the lead and has to be told by a person; the same however often it is asked',
  })
  told_to!: ToldDestinationLine[];
}
