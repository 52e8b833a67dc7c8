import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString } from 'class-validator';
import { PageAnswer, PageQuery } from '#platform';
import { REFUSAL_VERDICTS, type RefusalVerdict } from '../body/refusal.js';

const asTruth = ({ value }: { value: unknown }): unknown => (value === 'true' ? true : value === 'false' ? false : value);

/** Filters of `GET /v1/quarantine`; all that are given must fit. */
export class QuarantineQuery extends PageQuery {
  @ApiPropertyOptional({ enum: REFUSAL_VERDICTS })
  @IsOptional()
  @IsIn(REFUSAL_VERDICTS, { message: `verdict must be one of ${REFUSAL_VERDICTS.join(', ')}` })
  verdict?: RefusalVerdict;

  @ApiPropertyOptional({ description: 'Only requests that were released, or only those that were not' })
  @IsOptional()
  @Transform(asTruth)
  @IsBoolean({ message: 'released must be true or false' })
  released?: boolean;
}

/** One line of a list: no data of the person. */
export class QuarantinedRequest {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'date-time' }) received_at!: Date;
  @ApiProperty({ type: String, nullable: true }) tenant!: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'demo/webhook' }) source!: string | null;
  @ApiProperty({ example: '/webhooks/leads' }) route!: string;
  @ApiProperty({ enum: REFUSAL_VERDICTS }) verdict!: string;
  @ApiProperty({ type: String, nullable: true }) verdict_detail!: string | null;
  @ApiProperty({ description: 'What its sender was answered' }) status_code!: number;
  @ApiProperty({ type: String, nullable: true }) content_type!: string | null;
  @ApiProperty({ description: 'The size of the whole body' }) body_bytes!: number;
  @ApiProperty({ description: 'Only the first 4 KiB are kept: it cannot be released' }) body_truncated!: boolean;
  @ApiProperty() request_id!: string;
  @ApiProperty({ format: 'uuid' }) correlation_id!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) released_at!: Date | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) released_lead_id!: string | null;
  @ApiProperty({ example: '/v1/quarantine/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
}

export class QuarantinePage extends PageAnswer {
  @ApiProperty({ type: [QuarantinedRequest], description: 'Newest first' }) requests!: QuarantinedRequest[];
}

/** One request with everything that arrived. */
export class QuarantinedRequestInFull extends QuarantinedRequest {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } }) headers!: Record<string, string>;
  @ApiProperty({ type: String, nullable: true }) query!: string | null;
  @ApiProperty({ type: String, nullable: true }) remote_address!: string | null;
  @ApiProperty({ description: 'Hex; of the whole body unless it was over the cap' }) body_sha256!: string;
  @ApiProperty({ description: 'The first 16 KiB as text, for reading' }) body_text!: string;
  @ApiProperty({ description: 'The bytes as they arrived' }) body_base64!: string;
}

/** What a release may say about the request. */
export class ReleaseQuery {
  @ApiPropertyOptional({ example: 'demo/api', description: 'For a request that came to no source: the one it is for' })
  @IsOptional()
  @IsString({ message: 'source must be <tenant>/<name>' })
  source?: string;
}

export class ReleasedLeadLine {
  @ApiProperty({ format: 'uuid' }) lead_id!: string;
  @ApiProperty({ description: 'false: its key or an earlier release already had this lead' }) created!: boolean;
  @ApiProperty({ example: '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
}

/** `lead_id`, `created` and `href` are those of the first lead. */
export class ReleasedRequest {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['released'] }) status!: 'released';
  @ApiProperty({ format: 'uuid' }) lead_id!: string;
  @ApiProperty({ description: 'false: its Idempotency-Key or an earlier release already had this lead' }) created!: boolean;
  @ApiProperty({ example: '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) href!: string;
  @ApiProperty({ type: [ReleasedLeadLine], description: 'All leads of the request, in its order' }) leads!: ReleasedLeadLine[];
}
