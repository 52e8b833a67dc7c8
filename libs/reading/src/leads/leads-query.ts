import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { FAILURE_CLASSES, type FailureClass, LEAD_STATUSES, type LeadStatus, SLUG_PAIR } from '#core';
import { IsMoment, PageQuery } from '#platform';

/** `status=READY,FAILED` or `status=READY&status=FAILED`. */
const asList = ({ value }: { value: unknown }): unknown =>
  (Array.isArray(value) ? value : [value]).flatMap((text: unknown) => (typeof text === 'string' ? text.split(',') : [text]));

/** Filters of `GET /v1/leads`; all that are given must fit. */
export class LeadsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: LEAD_STATUSES, isArray: true, description: 'One or several: `status=READY,FAILED` or repeated' })
  @IsOptional()
  @Transform(asList)
  @IsIn(LEAD_STATUSES, { each: true, message: `status must be one or several of ${LEAD_STATUSES.join(', ')}` })
  status?: LeadStatus[];

  @ApiPropertyOptional({
    enum: FAILURE_CLASSES,
    isArray: true,
    description:
      'Leads of which a delivery failed for good, by why: one or several. `missing_field` also finds those that could not be mapped',
  })
  @IsOptional()
  @Transform(asList)
  @IsIn(FAILURE_CLASSES, { each: true, message: `failure_class must be one or several of ${FAILURE_CLASSES.join(', ')}` })
  failure_class?: FailureClass[];

  @ApiPropertyOptional({ description: 'Id of the source', example: 'demo/webhook' })
  @IsOptional()
  @Matches(SLUG_PAIR, { message: 'source must be <tenant>/<source name>, e.g. demo/webhook' })
  source?: string;

  @ApiPropertyOptional({ description: 'A reason code, or the reason a lead is held for', example: 'ZIP_NOT_66XXX' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  @Matches(/^[A-Za-z0-9_]+$/, { message: 'reason must be one code: letters, digits and underscores' })
  reason?: string;

  @ApiPropertyOptional({ description: 'Received at or after', example: '2026-11-22T00:00:00Z' })
  @IsOptional()
  @IsMoment()
  received_from?: string;

  @ApiPropertyOptional({ description: 'Received before', example: '2026-11-23' })
  @IsOptional()
  @IsMoment()
  received_to?: string;

  @ApiPropertyOptional({
    description: 'The exact address, in any spelling of its letters; found by a keyed hash',
    example: 'john.doe@example.com',
  })
  @IsOptional()
  @IsString({ message: 'email must be one e-mail address' })
  @MaxLength(1000, { message: 'email must be an e-mail address' })
  email?: string;

  @ApiPropertyOptional({
    description: 'The number, international or as it is dialled in the region of a source; found by a keyed hash',
    example: '+491608912308',
  })
  @IsOptional()
  @IsString({ message: 'phone must be one phone number' })
  @MaxLength(1000, { message: 'phone must be a phone number' })
  phone?: string;
}
