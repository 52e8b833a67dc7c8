import { ApiProperty } from '@nestjs/swagger';

/** One fault inside a request. `pointer` is a JSON pointer into the body, or `/<name>` for a query parameter. Never the value itself. */
export class ProblemError {
  @ApiProperty({ example: '/limit' }) pointer!: string;
  @ApiProperty({ example: 'out_of_range' }) code!: string;
  @ApiProperty({ example: 'limit must be a whole number from 1 to 500' }) detail!: string;
}

/** The body of every error: RFC 9457, plus the faults one by one and the id of the request, under which the log has more. */
export class Problem {
  @ApiProperty({ example: 'urn:leadgate:problem:not_found', description: 'Stable; the last part is the code.' }) type!: string;
  @ApiProperty({ example: 'Not found' }) title!: string;
  @ApiProperty({ type: 'integer', example: 404 }) status!: number;
  @ApiProperty({ example: 'No lead has this id.' }) detail!: string;
  @ApiProperty({ example: 'urn:leadgate:request:0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) instance!: string;
  @ApiProperty({ type: [ProblemError] }) errors!: ProblemError[];
  @ApiProperty({ example: '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11' }) requestId!: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** @param code stable, snake_case */
export function problemOf(
  requestId: string,
  {
    status,
    code,
    title,
    detail,
    errors = [],
  }: { status: number; code: string; title: string; detail: string; errors?: readonly ProblemError[] },
): Problem {
  return {
    type: `urn:leadgate:problem:${code}`,
    title,
    status,
    detail,
    instance: `urn:leadgate:request:${requestId}`,
    errors: [...errors],
    requestId,
  };
}
