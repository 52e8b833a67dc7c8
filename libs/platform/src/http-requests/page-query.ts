import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import { SLUG } from '#core';

export const MOST_ROWS = 500;
export const USUAL_ROWS = 50;

/** Digits only: `Number` would also take "", "0x10" and "1e2". */
const asWholeNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value;

const LIMIT_HELP = { message: `limit must be a whole number from 1 to ${MOST_ROWS}` };

/** What a key of an operator may be asked to look at; any other key sees its own tenant. */
export class TenantQuery {
  @ApiPropertyOptional({ description: 'Only this tenant', example: 'demo' })
  @IsOptional()
  @Matches(SLUG, { message: 'tenant must be the id of a tenant: small letters, digits and dashes' })
  tenant?: string;
}

/** The newest rows of a list. */
export class RecentQuery extends TenantQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MOST_ROWS, default: USUAL_ROWS })
  @IsOptional()
  @Transform(asWholeNumber)
  @IsInt(LIMIT_HELP)
  @Min(1, LIMIT_HELP)
  @Max(MOST_ROWS, LIMIT_HELP)
  limit: number = USUAL_ROWS;
}

/** A list in pages, newest first; the cursor is the id of the last row of the page before. */
export class PageQuery extends RecentQuery {
  @ApiPropertyOptional({ description: '`next_cursor` of the page before' })
  @IsOptional()
  @IsUUID(undefined, { message: 'cursor must be the next_cursor of an earlier page' })
  cursor?: string;
}

/** What every answer that is one page of a list has. */
export class PageAnswer {
  @ApiProperty({ type: String, nullable: true, description: 'For `cursor` of the next page; null on the last' }) next_cursor!:
    string | null;
}

/**
 * @param rows one more than fit on a page was asked for: it tells whether there is another page
 * @returns those of this page, and where the next one begins
 */
export function pageOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): { rows: Row[] } & PageAnswer {
  const onPage = rows.slice(0, limit);
  return { rows: onPage, next_cursor: rows.length > limit ? (onPage.at(-1)?.id ?? null) : null };
}
