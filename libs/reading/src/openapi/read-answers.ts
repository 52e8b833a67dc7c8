import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse } from '@nestjs/swagger';
import { keyInvalid, keyMissing, keyScope } from '#access';
import {
  bodyTooLarge,
  databaseAway,
  type HttpProblem,
  invalidBody,
  invalidQuery,
  malformedBody,
  notJson,
  Problem,
  PROBLEM_CONTENT_TYPE,
  problemOf,
} from '#platform';

const EXAMPLE_REQUEST = '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11';

/**
 * An error answer in the form all of them have.
 * @param examples what is thrown for it, of one status; each is shown as it is answered
 * @param description of them together; what the first one says, unless told
 */
export function ApiProblem(
  examples: HttpProblem | readonly [HttpProblem, ...HttpProblem[]],
  description?: string,
): ClassDecorator & MethodDecorator {
  const shown = 'status' in examples ? [examples] : examples;
  const [{ status, detail }] = shown as readonly [HttpProblem];
  return ApiResponse({
    status,
    description: description ?? detail.replace(/\.$/, ''),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(shown.map((one) => [one.code, { value: problemOf(EXAMPLE_REQUEST, one) }])),
      },
    },
  });
}

/** The errors every route that reads leads may answer. */
export function ReadAnswers(): ClassDecorator {
  return applyDecorators(
    ApiExtraModels(Problem),
    ApiProblem(
      invalidQuery([{ pointer: '/limit', code: 'invalid_value', detail: 'limit must be a whole number from 1 to 500' }]),
      'The query cannot be used; `errors` names each fault',
    ),
    ApiProblem([keyMissing(), keyInvalid()], 'The key is missing, unknown or revoked'),
    ApiProblem(keyScope(['tenant', 'operator'], 'source'), 'A key of this scope does not open this route'),
    ApiProblem(databaseAway(), 'The database does not answer'),
  );
}

/**
 * The errors of a route that takes a JSON body.
 * @param fault of one of its members, as an example: the name and what is said of it
 * @param others what is answered 400 too
 */
export function BodyAnswers([name, detail]: readonly [string, string], ...others: HttpProblem[]): MethodDecorator {
  const fault = { pointer: `/${name}`, code: 'invalid_value', detail: `${name} ${detail}` };
  return applyDecorators(
    ApiProblem([invalidBody([fault]), malformedBody(), ...others], 'The body cannot be used; `errors` names each fault'),
    ApiProblem(bodyTooLarge(), 'The body is too large'),
    ApiProblem(notJson(), 'The body is not application/json'),
  );
}
