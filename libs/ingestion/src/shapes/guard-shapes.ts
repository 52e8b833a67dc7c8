import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsArray, IsIn, IsNumber, IsObject, IsOptional, IsString, IsUUID, Matches, MinLength } from 'class-validator';
import { SOURCE_TYPES } from '#core';
import { Problem } from '#platform';
import { LeadVerdict } from './verdict-shapes.js';

/** A lead as the guard takes it. Values are judged by the tenant's policy, not here; members that are not named are kept. */
export class GuardLead {
  @ApiProperty({ example: 't1', description: 'Whose lead it is' }) @IsString() @MinLength(1) tenant_id!: string;
  @ApiPropertyOptional({
    description: 'The sender’s id of its submission: the same id and content is the same lead',
    nullable: true,
    type: String,
  })
  @IsOptional()
  @IsString()
  source_id?: string | null;
  @ApiPropertyOptional({ enum: SOURCE_TYPES, default: 'API', nullable: true }) @IsOptional() @IsIn(SOURCE_TYPES) source_type?:
    string | null;
  @ApiPropertyOptional({ example: 'demo@example.com', nullable: true, type: String }) @IsOptional() @IsString() email?: string | null;
  @ApiPropertyOptional({ example: '+12025550123', nullable: true, type: String }) @IsOptional() @IsString() phone?: string | null;
  @ApiPropertyOptional({ nullable: true, type: String }) @IsOptional() @IsString() first_name?: string | null;
  @ApiPropertyOptional({ nullable: true, type: String }) @IsOptional() @IsString() last_name?: string | null;
  @ApiPropertyOptional({ nullable: true, type: String }) @IsOptional() @IsString() company?: string | null;
  @ApiPropertyOptional({ nullable: true, type: Object }) @IsOptional() @IsObject() extra?: object | null;
}

/** A repeated request gets the same but for `latency_ms`. */
export class GuardVerdict extends LeadVerdict {
  @ApiProperty({ description: 'Of the first request that brought the lead: its X-Request-Id, else a UUID' })
  @Matches(/^[A-Za-z0-9_.-]{1,128}$/)
  request_id!: string;
  @ApiProperty({ format: 'uuid' }) @IsUUID(7) lead_id!: string;
  @ApiProperty() @IsString() tenant_id!: string;
  @ApiProperty({ example: 'v1' }) @IsString() policy_version!: string;
  @ApiProperty({ example: 'v1' }) @IsString() ruleset_version!: string;
  @ApiProperty({ example: 'v1' }) @IsString() config_version!: string;
  @ApiProperty({ example: 7.312, description: 'From the last byte of the body' }) @IsNumber() latency_ms!: number;
}

/** One fault of a body; never its value. */
export class GuardIssue {
  @ApiProperty({ example: 'missing' }) @IsString() type!: string;
  @ApiProperty({ type: 'array', items: { type: 'string' }, example: ['body', 'tenant_id'] }) @IsArray() loc!: string[];
  @ApiProperty({ example: 'Field required' }) @IsString() msg!: string;
}

/** RFC 9457, with the faults of a body as the guard’s old clients read them. */
export class GuardFailed extends OmitType(Problem, ['detail']) {
  @ApiProperty({ type: [GuardIssue] }) detail!: GuardIssue[];
}
