import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { type JsonObject, OPERATOR_EVENT_TYPES, type OperatorEventType } from '#core';
import { PageAnswer, PageQuery } from '#platform';

/** Filters of `GET /v1/operator-events`; all that are given must fit. */
export class OperatorEventsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: OPERATOR_EVENT_TYPES })
  @IsOptional()
  @IsIn(OPERATOR_EVENT_TYPES, { message: `type must be one of ${OPERATOR_EVENT_TYPES.join(', ')}` })
  type?: OperatorEventType;

  @ApiPropertyOptional({ description: 'Id of a destination, source, lead or replay, or `gateway`', example: 'demo/customer-api' })
  @IsOptional()
  @IsString()
  @MinLength(1, { message: 'subject must not be empty' })
  @MaxLength(200, { message: 'subject has at most 200 characters' })
  @Matches(/^\P{Cc}*$/u, { message: 'subject must be on one line' })
  subject?: string;
}

@ApiSchema({ name: 'OperatorEvent' })
export class OperatorEventShape {
  @ApiProperty({ format: 'uuid', description: 'The webhook-id of the calls that tell it' }) id!: string;
  @ApiProperty({ enum: OPERATOR_EVENT_TYPES }) type!: OperatorEventType;
  @ApiProperty({ type: String, nullable: true, description: 'null: it concerns the whole gateway' }) tenant!: string | null;
  @ApiProperty({ description: 'What changed', example: 'demo/customer-api' }) subject!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Ids, codes, counts and moments' }) detail!: JsonObject;
  @ApiProperty({ format: 'date-time' }) at!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When the receiver took it' }) sent_at!: Date | null;
  @ApiProperty({ type: 'integer', description: 'Calls made to tell it' }) attempts!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'null: no call follows' }) next_attempt_at!: Date | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The summary that told of it instead' }) summarised_in!:
    string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why the last call failed' }) last_error!: string | null;
}

export class OperatorEventsPage extends PageAnswer {
  @ApiProperty({ type: [OperatorEventShape], description: 'Newest first' }) events!: OperatorEventShape[];
}
