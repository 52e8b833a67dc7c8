import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Equals, IsBoolean, IsObject, IsOptional, IsString, IsUUID } from 'class-validator';
import { Problem } from '#platform';

/** A lead as the customer webhook usually gets it. Nothing is required here: the tenant's rules judge it later. */
export class WebhookLead {
  @ApiPropertyOptional({ example: ' John.Doe@Example.com ' }) @IsOptional() @IsString() email?: string;
  @ApiPropertyOptional({ example: '0160 8912308' }) @IsOptional() @IsString() phone?: string;
  @ApiPropertyOptional({ example: 'John' }) @IsOptional() @IsString() first_name?: string;
  @ApiPropertyOptional({ example: 'Doe' }) @IsOptional() @IsString() last_name?: string;
  @ApiPropertyOptional({ example: { zip: '66123', street: 'Musterstraße 1', city: 'Saarbrücken' } })
  @IsOptional()
  @IsObject()
  address?: object;
  @ApiPropertyOptional({ example: { is_owner: true } }) @IsOptional() @IsObject() house?: object;
  @ApiPropertyOptional({ example: { 'Sind Sie Eigentümer der Immobilie?': 'Ja' } }) @IsOptional() @IsObject() questions?: object;
}

export class WebhookAccepted {
  @ApiProperty({ enum: ['accepted'] }) @Equals('accepted') status!: 'accepted';
  @ApiProperty({ format: 'uuid' }) @IsUUID(7) lead_id!: string;
  @ApiProperty({ format: 'uuid' }) @IsUUID() correlation_id!: string;
}

/** RFC 9457 plus what the webhook's old clients read. */
export class WebhookFailed extends Problem {
  @ApiProperty({ example: 'Malformed JSON' }) @IsString() error!: string;
  @ApiProperty({ format: 'uuid' }) @IsUUID() correlation_id!: string;
}

/** A lead as the raw CRM intake takes it: every field optional, unknown ones kept. */
export class RawCrmLead {
  @ApiPropertyOptional() @IsOptional() @IsString() click_id?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() country?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() creo?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() description?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() domain?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() email?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() firstName?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() ip?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() lang?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() lastName?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() marker?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() offer?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() phone?: string;
  @ApiPropertyOptional() @IsOptional() @IsString() sourcetype?: string;
}

export class RawCrmStored {
  @ApiProperty({ enum: [true] }) @Equals(true) ok!: true;
  @ApiProperty({ format: 'uuid' }) @IsUUID(7) lead_id!: string;
  @ApiProperty({ description: 'true on 409: the key already had this lead' }) @IsBoolean() deduplicated!: boolean;
}

/** RFC 9457 plus what the raw CRM intake's old clients read. */
export class RawCrmFailed extends Problem {
  @ApiProperty({ enum: [false] }) @Equals(false) ok!: false;
  @ApiProperty({ description: 'One word for each status', example: 'invalid_payload' }) @IsString() error!: string;
}
