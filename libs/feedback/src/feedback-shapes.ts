import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';

/**
 * - `lead_created`: the CRM made a record of it. `lead_merged`: it became part of one that was there.
 * - `lead_duplicate`: the CRM takes it for a duplicate.
 * - `lead_duplicate_corrected`: it was no duplicate after all: what it claimed is free again.
 */
export const FEEDBACK_TYPES = ['lead_created', 'lead_merged', 'lead_duplicate', 'lead_duplicate_corrected'] as const;
export type FeedbackType = (typeof FEEDBACK_TYPES)[number];

/** Many CRMs number their records. */
const numberAsText = ({ value }: { value: unknown }): unknown => (Number.isSafeInteger(value) ? String(value) : value);

/** What a CRM tells about one lead it has. */
export class Feedback {
  @ApiProperty({ enum: FEEDBACK_TYPES })
  @IsIn(FEEDBACK_TYPES, { message: `type must be one of ${FEEDBACK_TYPES.join(', ')}` })
  type!: FeedbackType;

  @ApiProperty({ format: 'uuid', description: 'The lead as the gateway named it' })
  @IsString({ message: 'lead_id must be the id of a lead' })
  lead_id!: string;

  @ApiPropertyOptional({ description: 'The id of the record in the CRM: 1 to 255 printable characters', example: 'crm-4711' })
  @IsOptional()
  @Transform(numberAsText)
  @IsString({ message: 'crm_record_id must be a text or a whole number' })
  @Matches(/^[^\p{C}]{1,255}$/u, { message: 'crm_record_id must have 1 to 255 printable characters' })
  crm_record_id?: string;

  @ApiPropertyOptional({ description: "The key's own tenant; a lead of another one does not exist for this key", example: 'demo' })
  @IsOptional()
  @IsString({ message: 'tenant_id must be the id of a tenant' })
  tenant_id?: string;
}

export class RecordedFeedback {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: 'integer', description: 'How many identities of the lead (e-mail, phone, native id) were released' })
  released!: number;
}
