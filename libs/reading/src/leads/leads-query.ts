import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { FAILURE_CLASSES, type FailureClass, LEAD_STATUSES, type LeadStatus } from '#core';

export const MOST_ROWS = 500;
export const USUAL_ROWS = 50;

/** Digits only: `Number` would also take "", "0x10" and "1e2". */
const asWholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
/** `status=READY,FAILED` or `status=READY&status=FAILED`. */
const asList = ({ value }: { value: unknown }): unknown =>
  (Array.isArray(value) ? value : [value]).flatMap((text: unknown) => (typeof text === 'string' ? text.split(',') : [text]));

const LIMIT_HELP = { message: `limit must be a whole number from 1 to ${MOST_ROWS}` };
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const MOMENT_HELP = {
  message:
    '$property must be a date (2026-11-22) or a moment with its zone (2026-11-22T08:00:00Z; a + in the zone is written %2B in an address)',
};
const TENANT_HELP = { message: 'tenant must be the id of a tenant: small letters, digits and dashes' };

export class CountsQuery {
  @ApiPropertyOptional({ description: 'Only this tenant', example: 'demo' })
  @IsOptional()
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}$/, TENANT_HELP)
  tenant?: string;
}

export class RecentQuery extends CountsQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_ROWS, default: USUAL_ROWS })
  @IsOptional()
  @Transform(asWholeNumber)
  @IsInt(LIMIT_HELP)
  @Min(1, LIMIT_HELP)
  @Max(MOST_ROWS, LIMIT_HELP)
  limit: number = USUAL_ROWS;
}

/** Filters of `GET /v1/leads`; all that are given must fit. */
export class LeadsQuery extends RecentQuery {
  @ApiPropertyOptional({ description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsUUID(undefined, { message: 'cursor must be the next_cursor of an earlier page' })
  cursor?: string;

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
  @Matches(/^[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9-]{0,62}$/, { message: 'source must be <tenant>/<source name>, e.g. demo/webhook' })
  source?: string;

  @ApiPropertyOptional({ description: 'A reason code, or the reason a lead is held for', example: 'ZIP_NOT_66XXX' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(100)
  @Matches(/^[A-Za-z0-9_]+$/, { message: 'reason must be one code: letters, digits and underscores' })
  reason?: string;

  @ApiPropertyOptional({ description: 'Received at or after', example: '2026-11-22T00:00:00Z' })
  @IsOptional()
  @Matches(MOMENT, MOMENT_HELP)
  @IsISO8601({ strict: true }, MOMENT_HELP)
  received_from?: string;

  @ApiPropertyOptional({ description: 'Received before', example: '2026-11-23' })
  @IsOptional()
  @Matches(MOMENT, MOMENT_HELP)
  @IsISO8601({ strict: true }, MOMENT_HELP)
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
