import { ApiProperty, ApiPropertyOptional, PickType } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { SLUG } from '#core';
import { IsMoment, PageAnswer, RecentQuery } from '#platform';
import { BASELINES, type Baseline, DIFFERENCE_KINDS, type DifferenceKind, WHAT_IF_STATUSES, type WhatIfStatus } from './what-if.js';

/** What is to be tried on which leads. */
export class WhatIfRequest {
  @ApiPropertyOptional({ description: 'Whose; needed with a key of an operator, and the key’s own tenant with any other', example: 'demo' })
  @IsOptional()
  @Matches(SLUG, { message: 'tenant must be the id of a tenant: small letters, digits and dashes' })
  tenant?: string;

  @ApiProperty({ type: 'integer', description: 'Number of the version to try; `leadgate config draft` makes one', example: 7 })
  @IsInt({ message: 'draft must be the number of a version, e.g. 7' })
  @Min(1, { message: 'draft must be the number of a version, e.g. 7' })
  draft!: number;

  @ApiProperty({ description: 'Leads received at or after', example: '2026-11-01' })
  @IsMoment()
  from!: string;

  @ApiPropertyOptional({ description: 'Leads received before; now unless told', example: '2026-11-22T08:00:00Z' })
  @IsOptional()
  @IsMoment()
  to?: string;

  @ApiPropertyOptional({ description: 'Only leads of this source of the tenant, by its name', example: 'webhook' })
  @IsOptional()
  @Matches(SLUG, { message: 'source must be the name of a source: small letters, digits and dashes' })
  source?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'The first so many leads of the period' })
  @IsOptional()
  @IsInt({ message: 'limit must be a whole number of leads' })
  @Min(1, { message: 'limit must be a whole number of leads' })
  limit?: number;

  @ApiPropertyOptional({
    enum: BASELINES,
    default: 'active',
    description: '`active`: the draft against the active version, both run anew. `recorded`: against what was decided when the leads came',
  })
  @IsOptional()
  @IsIn(BASELINES, { message: `baseline must be one of ${BASELINES.join(', ')}` })
  baseline?: Baseline;

  @ApiPropertyOptional({
    description: 'Leads of so many hours before the period are run for the identities they hold; the longer duplicate window unless told',
  })
  @IsOptional()
  @IsNumber({}, { message: 'warm_up_hours must be a number of hours' })
  @Min(0, { message: 'warm_up_hours must be a number of hours' })
  @Max(100_000, { message: 'warm_up_hours must be a number of hours' })
  warm_up_hours?: number;
}

export class PromoteRequest {
  @ApiPropertyOptional({ description: 'Also when the run is unfinished, or another version is active than the one compared with' })
  @IsOptional()
  @IsBoolean({ message: 'force must be true or false' })
  force?: boolean;
}

export class DifferencesQuery extends PickType(RecentQuery, ['limit']) {
  @ApiPropertyOptional({ enum: DIFFERENCE_KINDS })
  @IsOptional()
  @IsIn(DIFFERENCE_KINDS, { message: `kind must be one of ${DIFFERENCE_KINDS.join(', ')}` })
  kind?: DifferenceKind;

  @ApiPropertyOptional({ description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsString({ message: 'cursor must be the next_cursor of an earlier page' })
  @Matches(/^[0-9a-f-]{36}~[a-z]+~[a-z0-9-]*$/, { message: 'cursor must be the next_cursor of an earlier page' })
  cursor?: string;
}

export class WhatIfPeriod {
  @ApiProperty({ format: 'date-time' }) from!: string;
  @ApiProperty({ format: 'date-time' }) to!: string;
  @ApiProperty({ type: 'string', nullable: true }) source!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) limit!: number | null;
  @ApiProperty() warm_up_hours!: number;
}

export class DuplicateCounts {
  @ApiProperty({ type: 'integer' }) new!: number;
  @ApiProperty({ type: 'integer' }) gone!: number;
  @ApiProperty({ type: 'integer', description: 'Still a duplicate, but of another lead or by another identity' }) other!: number;
}

/** Counts of leads. */
export class WhatIfCounts {
  @ApiProperty({ type: 'integer', description: 'Leads the draft changes something for' }) changed!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { 'PASS → REJECT ZIP_NOT_66XXX': 12 } })
  decisions!: Readonly<Record<string, number>>;
  @ApiProperty({ type: DuplicateCounts }) duplicates!: DuplicateCounts;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'By destination: {more, fewer}' })
  routes!: Readonly<Record<string, { readonly more: number; readonly fewer: number }>>;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'By destination, then by name of field' })
  payloads!: Readonly<Record<string, Readonly<Record<string, number>>>>;
  @ApiProperty({ type: 'integer', description: 'The active version, run anew, says something else than what was recorded' })
  recorded_otherwise!: number;
  @ApiProperty({ type: 'integer', description: 'Run for their identities only' }) not_compared!: number;
  @ApiProperty({ type: 'integer', description: 'Held as poison, not run' }) poison!: number;
  @ApiProperty({ type: 'integer', description: 'A stage broke down over them' }) broken!: number;
}

export class WhatIfShape {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() tenant!: string;
  @ApiProperty({ type: 'integer', description: 'The version that is tried' }) draft!: number;
  @ApiProperty({ type: 'integer', description: 'The version that was active when it was asked for' }) compared_with!: number;
  @ApiProperty({ enum: BASELINES }) baseline!: Baseline;
  @ApiProperty({ type: WhatIfPeriod }) filter!: WhatIfPeriod;
  @ApiProperty({ enum: WHAT_IF_STATUSES }) status!: WhatIfStatus;
  @ApiProperty({ type: 'string', nullable: true, description: 'Why it FAILED' }) problem!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
  @ApiProperty({ type: 'integer' }) done!: number;
  @ApiProperty({ description: 'From its start to its last step, warm-up included' }) leads_per_second!: number;
  @ApiProperty({ type: WhatIfCounts }) summary!: WhatIfCounts;
  @ApiProperty({ description: 'cli, operator, or key:<id>' }) requested_by!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true }) finished_at!: string | null;
  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When the draft became the active version by way of this run',
  })
  promoted_at!: string | null;
}

export class WhatIfsPage extends PageAnswer {
  @ApiProperty({ type: [WhatIfShape] }) what_ifs!: WhatIfShape[];
}

export class DifferenceShape {
  @ApiProperty({ format: 'uuid' }) lead_id!: string;
  @ApiProperty({ enum: DIFFERENCE_KINDS }) kind!: DifferenceKind;
  @ApiProperty({ description: 'For `payload` the destination' }) subject!: string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'Codes, ids and names of fields; no values' }) before!: object;
  @ApiProperty({ type: 'object', additionalProperties: true }) after!: object;
}

export class DifferencesShape extends PageAnswer {
  @ApiProperty({ type: [DifferenceShape] }) differences!: DifferenceShape[];
}

export class PromotedShape {
  @ApiProperty() tenant!: string;
  @ApiProperty({ type: 'integer', description: 'The version that is active now; gateways follow within 2 s' }) version!: number;
  @ApiProperty({ description: 'false: it was active already' }) changed!: boolean;
}
