import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsIn, IsInt, IsUUID, Matches, ValidateNested } from 'class-validator';
import { LEAD_STATUSES } from '#core';
import { PreferredVerdict } from './verdict-shapes.js';

const STATUSES = LEAD_STATUSES.map((status) => status.toLowerCase());

/** A committed lead. */
export class AcceptedLead extends PreferredVerdict {
  @ApiProperty({ format: 'uuid' }) @IsUUID(7) id!: string;
  @ApiProperty({ enum: STATUSES, description: 'received, or with Prefer: wait what the lead came to' }) @IsIn(STATUSES) status!: string;
  @ApiProperty({ example: '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) @Matches(/^\/v1\/leads\//) href!: string;
}

export class AcceptedItem extends AcceptedLead {
  @ApiProperty({ type: 'integer', description: 'Its place in the request, from 0' }) @IsInt() item_no!: number;
}

/** A request that carried several leads; each of them stands alone. */
export class AcceptedLeads {
  @ApiProperty({ type: [AcceptedItem] }) @IsArray() @ValidateNested({ each: true }) @Type(() => AcceptedItem) leads!: AcceptedItem[];
}
