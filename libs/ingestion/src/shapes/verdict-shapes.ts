import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsIn, IsISO8601, IsObject, IsOptional, IsString, IsUUID, Matches, ValidateNested } from 'class-validator';
import { DECISIONS, IDENTITY_KINDS, LEAD_STATUSES } from '#core';

const STATUSES = LEAD_STATUSES.map((status) => status.toLowerCase());
const VERSION = /^v\d+$/;

/** The earlier lead of the same person. */
export class DuplicateHint {
  @ApiProperty({ enum: IDENTITY_KINDS, description: 'The identity both leads share' }) @IsIn(IDENTITY_KINDS) matched_on!: string;
  @ApiProperty({ format: 'uuid' }) @IsUUID(7) lead_id!: string;
  @ApiProperty({ format: 'date-time' }) @IsISO8601() seen_at!: string;
}

/** What the lead was judged with; each is counted per tenant. */
export class VerdictVersions {
  @ApiProperty({ example: 'v1' }) @Matches(VERSION) policy_version!: string;
  @ApiProperty({ example: 'v1' }) @Matches(VERSION) ruleset_version!: string;
  @ApiProperty({ example: 'v1' }) @Matches(VERSION) config_version!: string;
}

/** What a sender that waits for the verdict reads. */
export class LeadVerdict {
  @ApiProperty({ enum: DECISIONS }) @IsIn(DECISIONS) decision!: string;
  @ApiProperty({ type: [String], example: [], description: 'Empty on PASS' }) @IsArray() @IsString({ each: true }) reason_codes!: string[];
  @ApiProperty({ type: DuplicateHint, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => DuplicateHint)
  duplicate_hint!: DuplicateHint | null;
  @ApiProperty() @IsBoolean() duplicate_check_skipped!: boolean;
  @ApiProperty() @IsObject() @ValidateNested() @Type(() => VerdictVersions) versions!: VerdictVersions;
  @ApiProperty({ enum: STATUSES, description: 'The status of the lead' }) @IsIn(STATUSES) status!: string;
}

/** The same, where only senders with `Prefer: wait` read it. */
export class PreferredVerdict {
  @ApiPropertyOptional({ enum: DECISIONS, description: 'With Prefer: wait, once it is decided' })
  @IsOptional()
  @IsIn(DECISIONS)
  decision?: string;
  @ApiPropertyOptional({ type: [String] }) @IsOptional() @IsArray() @IsString({ each: true }) reason_codes?: string[];
  @ApiPropertyOptional({ type: DuplicateHint, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => DuplicateHint)
  duplicate_hint?: DuplicateHint | null;
  @ApiPropertyOptional() @IsOptional() @IsBoolean() duplicate_check_skipped?: boolean;
  @ApiPropertyOptional({ type: VerdictVersions })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => VerdictVersions)
  versions?: VerdictVersions;
}
