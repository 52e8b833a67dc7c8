import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import { FAILURE_CLASSES, type FailureClass } from '#core';
import { NamesNobody, TenantQuery } from '#platform';
import { DESTINATION_STATES, type DestinationState, MOST_WAITING } from './pg-destinations.js';

/** For an operator, who sees those of every tenant. */
export class DestinationsQuery extends TenantQuery {}

/** Why a person pauses or resumes a destination: it stands in the audit trail. */
export class PauseOrder {
  @ApiProperty({
    description: 'Why; no data of persons. It is kept in the audit trail',
    example: 'the CRM moves to a new server',
    maxLength: 200,
  })
  @IsString({ message: 'reason must be a text of 1 to 200 characters' })
  @Matches(/^(?=.*\S)[^\p{Cc}]{1,200}$/u, { message: 'reason must be a text of 1 to 200 characters on one line' })
  @NamesNobody('reason must do without e-mail addresses and phone numbers: it stays in the audit trail')
  reason!: string;
}

@ApiSchema({ name: 'DestinationFailure' })
export class DestinationFailureShape {
  @ApiProperty({ enum: FAILURE_CLASSES, nullable: true }) class!: FailureClass | null;
  @ApiProperty({ format: 'date-time' }) at!: Date;
}

@ApiSchema({ name: 'Destination' })
export class DestinationShape {
  @ApiProperty({ example: 'demo/customer-api' }) id!: string;
  @ApiProperty({ example: 'demo' }) tenant!: string;
  @ApiProperty({ example: 'customer-api' }) name!: string;
  @ApiProperty({ example: 'http' }) kind!: string;
  @ApiProperty({ description: 'false: it is no longer in the active configuration' }) enabled!: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'Only the host of its address', example: 'crm.example.com' }) host!:
    string | null;
  @ApiProperty({
    enum: DESTINATION_STATES,
    description:
      'working: calls go out · held: it asked for quiet · open: it failed too often · half_open: a probe is under way · paused: until somebody resumes it',
  })
  state!: DestinationState;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When it was paused or began to fail' })
  since!: Date | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a call may go out by itself; null: now, or not before it is resumed',
  })
  until!: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is paused or held, as a code', example: 'destination_refuses_us' })
  reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Who paused it' }) paused_by!: string | null;
  @ApiProperty({ type: 'integer', description: 'Calls that failed in a row, of different leads' }) failures!: number;
  @ApiProperty({ type: Number, nullable: true, description: 'What is left of its rate after it said "too fast"; null: all' })
  calls_per_second!: number | null;
  @ApiProperty({ type: 'integer', description: `Deliveries that will still be sent; counted up to ${MOST_WAITING}` }) waiting!: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Since when the one waits that was planned first' })
  oldest_waiting_since!: Date | null;
  @ApiPropertyOptional({ type: DestinationFailureShape, nullable: true, description: 'The last lead that failed for good' })
  last_failure!: DestinationFailureShape | null;
  @ApiProperty({ enum: ['file'], description: 'Where it is configured: objects that come from files are read-only here' })
  managed_by!: 'file';
}

export class DestinationsList {
  @ApiProperty({ type: [DestinationShape] }) destinations!: DestinationShape[];
}

export class ChangedDestination {
  @ApiProperty({ description: 'false: it was so already' }) changed!: boolean;
  @ApiProperty({ type: DestinationShape }) destination!: DestinationShape;
}
