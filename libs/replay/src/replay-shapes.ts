import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  FAILURE_CLASSES,
  type FailureClass,
  HOLD_REASONS,
  type HoldReason,
  LEAD_REPLAY_KINDS,
  LEAD_STATUSES,
  type LeadReplayKind,
  type LeadStatus,
  REPLAY_KINDS,
  REPLAY_STATUSES,
  type ReplayKind,
  SLUG,
  SLUG_PAIR,
} from '#core';
import { REFUSAL_VERDICTS } from '#ingestion';
import { IsMoment, NamesNobody, PageAnswer } from '#platform';
import type { ReplayFilter } from './replay.js';

const TENANT_HELP = { message: 'tenant must be the id of a tenant: small letters, digits and dashes' };

/** Stands in a trail that outlives the lead: an e-mail address or a phone number in it would too. */
export const REASON = /^[^\p{C}]{3,200}$/u;
export const REASON_HELP =
  'reason must say why in 3 to 200 printable characters, without e-mail addresses and phone numbers: it stays when the lead is erased';
export const MOST_PER_SECOND = 1000;

@ApiSchema({ name: 'ReplayFilter' })
export class ReplayFilterShape implements ReplayFilter {
  @ApiPropertyOptional({ enum: LEAD_STATUSES, isArray: true })
  @IsOptional()
  @IsArray({ message: 'status must be a list' })
  @ArrayNotEmpty({ message: 'status must name at least one' })
  @IsIn(LEAD_STATUSES, { each: true, message: `status must be some of ${LEAD_STATUSES.join(', ')}` })
  status?: LeadStatus[];

  @ApiPropertyOptional({ enum: FAILURE_CLASSES, isArray: true, description: 'Why a delivery failed for good' })
  @IsOptional()
  @IsArray({ message: 'failure_class must be a list' })
  @ArrayNotEmpty({ message: 'failure_class must name at least one' })
  @IsIn(FAILURE_CLASSES, { each: true, message: `failure_class must be some of ${FAILURE_CLASSES.join(', ')}` })
  failure_class?: FailureClass[];

  @ApiPropertyOptional({ type: [String], example: ['ZIP_NOT_66XXX'], description: 'The lead has at least one of them' })
  @IsOptional()
  @IsArray({ message: 'reason_codes must be a list' })
  @ArrayNotEmpty({ message: 'reason_codes must name at least one' })
  @ArrayMaxSize(50, { message: 'reason_codes may name at most 50' })
  @Matches(/^[A-Za-z0-9_]{1,100}$/, { each: true, message: 'reason_codes must be codes: letters, digits and underscores' })
  reason_codes?: string[];

  @ApiPropertyOptional({ enum: HOLD_REASONS, isArray: true })
  @IsOptional()
  @IsArray({ message: 'hold_reason must be a list' })
  @ArrayNotEmpty({ message: 'hold_reason must name at least one' })
  @IsIn(HOLD_REASONS, { each: true, message: `hold_reason must be some of ${HOLD_REASONS.join(', ')}` })
  hold_reason?: HoldReason[];

  @ApiPropertyOptional({ example: 'demo/webhook' })
  @IsOptional()
  @Matches(SLUG_PAIR, { message: 'source must be <tenant>/<source name>, e.g. demo/webhook' })
  source?: string;

  @ApiPropertyOptional({ example: 'demo/customer-api' })
  @IsOptional()
  @Matches(SLUG_PAIR, { message: 'destination must be <tenant>/<destination name>, e.g. demo/customer-api' })
  destination?: string;

  @ApiPropertyOptional({
    enum: REFUSAL_VERDICTS,
    isArray: true,
    example: ['missing_authentication'],
    description: 'Of a release: why the requests were refused',
  })
  @IsOptional()
  @IsArray({ message: 'verdict must be a list' })
  @ArrayNotEmpty({ message: 'verdict must name at least one' })
  @IsIn(REFUSAL_VERDICTS, { each: true, message: `verdict must be some of ${REFUSAL_VERDICTS.join(', ')}` })
  verdict?: string[];

  @ApiPropertyOptional({ description: 'Received at or after', example: '2026-11-22T00:00:00Z' })
  @IsOptional()
  @IsMoment()
  from?: string;

  @ApiPropertyOptional({ description: 'Received before', example: '2026-11-23' })
  @IsOptional()
  @IsMoment()
  to?: string;
}

@ApiSchema({ name: 'ReplayRequest' })
export class ReplayRequestShape {
  @ApiProperty({ enum: REPLAY_KINDS })
  @IsIn(REPLAY_KINDS, { message: `kind must be one of ${REPLAY_KINDS.join(', ')}` })
  kind!: ReplayKind;

  @ApiPropertyOptional({ type: ReplayFilterShape, description: 'All that is given must fit' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ReplayFilterShape)
  filter?: ReplayFilterShape;

  @ApiProperty({ description: 'Why; it stands in the audit trail', example: 'The CRM was misconfigured until noon' })
  @IsString({ message: REASON_HELP })
  @Matches(REASON, { message: REASON_HELP })
  @NamesNobody(REASON_HELP)
  reason!: string;

  @ApiPropertyOptional({ description: 'true: only count what it would be about', default: false })
  @IsOptional()
  @IsBoolean({ message: 'dry_run must be true or false' })
  dry_run?: boolean;

  @ApiPropertyOptional({ description: 'Absent: a fifth of what the destination takes, or LEADGATE_REPLAY_PER_SECOND' })
  @IsOptional()
  @IsNumber({}, { message: `rate_per_second must be a number up to ${MOST_PER_SECOND}` })
  @Min(0.01, { message: 'rate_per_second must be at least 0.01' })
  @Max(MOST_PER_SECOND, { message: `rate_per_second must be at most ${MOST_PER_SECOND}` })
  rate_per_second?: number;

  @ApiPropertyOptional({ description: 'Whose leads; needed with a key of scope operator', example: 'demo' })
  @IsOptional()
  @Matches(SLUG, TENANT_HELP)
  tenant?: string;
}

@ApiSchema({ name: 'LeadReplayRequest' })
export class LeadReplayRequestShape {
  @ApiProperty({ enum: LEAD_REPLAY_KINDS })
  @IsIn(LEAD_REPLAY_KINDS, { message: `kind must be one of ${LEAD_REPLAY_KINDS.join(', ')}` })
  kind!: LeadReplayKind;

  @ApiProperty({ description: 'Why; it stands in the audit trail', example: 'The CRM was misconfigured until noon' })
  @IsString({ message: REASON_HELP })
  @Matches(REASON, { message: REASON_HELP })
  @NamesNobody(REASON_HELP)
  reason!: string;

  @ApiPropertyOptional({ example: 'demo/customer-api', description: 'Only the delivery to this destination' })
  @IsOptional()
  @Matches(SLUG_PAIR, { message: 'destination must be <tenant>/<destination name>, e.g. demo/customer-api' })
  destination?: string;
}

@ApiSchema({ name: 'ReplayedLead' })
export class ReplayedLeadShape {
  @ApiProperty({ format: 'uuid' }) lead_id!: string;
  @ApiProperty({ enum: LEAD_REPLAY_KINDS }) kind!: LeadReplayKind;
  @ApiProperty({ enum: LEAD_STATUSES, description: 'The status it has now' }) status!: LeadStatus;
  @ApiProperty({ type: [String], description: 'The deliveries that are sent; of a reprocessed lead its decision tells' })
  delivery_ids!: readonly string[];
  @ApiProperty({ example: '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
}

@ApiSchema({ name: 'ReplayGroup' })
export class ReplayGroupShape {
  @ApiProperty({ example: 'PERMANENTLY_FAILED' }) status!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'exhausted',
    description: 'The failure class, the reason of the hold or of the rejection, or the verdict over the request',
  })
  because!: string | null;
  @ApiProperty({ type: 'integer' }) count!: number;
}

@ApiSchema({ name: 'ReplayDryRun' })
export class ReplayDryRunShape {
  @ApiProperty({ enum: [true] }) dry_run!: true;
  @ApiProperty({ enum: REPLAY_KINDS }) kind!: ReplayKind;
  @ApiProperty({ type: 'integer', description: 'Leads, or requests of a release' }) total!: number;
  @ApiProperty({ type: [ReplayGroupShape], description: 'The largest first' }) groups!: readonly ReplayGroupShape[];
}

@ApiSchema({ name: 'Replay' })
export class ReplayShape {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() tenant!: string;
  @ApiProperty({ enum: REPLAY_KINDS }) kind!: ReplayKind;
  @ApiProperty({ enum: REPLAY_STATUSES, description: 'COLLECTING: what it is about is still being written down' }) status!: string;
  @ApiProperty({ type: ReplayFilterShape }) filter!: ReplayFilterShape;
  @ApiProperty() reason!: string;
  @ApiProperty({ example: 'key:k_01', description: 'Whose key it was, or cli' }) requested_by!: string;
  @ApiProperty() rate_per_second!: number;
  @ApiProperty({ type: 'integer' }) total!: number;
  @ApiProperty({ type: 'integer' }) replayed!: number;
  @ApiProperty({ type: 'integer' }) skipped!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { never_mapped: 3 } })
  skipped_because!: Record<string, number>;
  @ApiProperty({ type: 'integer' }) remaining!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'At its rate; null while it is collecting, or when it is over' })
  eta_seconds!: number | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) finished_at!: string | null;
  @ApiProperty({ example: '/v1/replays/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
}

@ApiSchema({ name: 'ReplaysPage' })
export class ReplaysPageShape extends PageAnswer {
  @ApiProperty({ type: [ReplayShape], description: 'Newest first' }) replays!: readonly ReplayShape[];
}
