import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse } from '@nestjs/swagger';
import { Problem, PROBLEM_CONTENT_TYPE } from '#platform';

/** An error answer in the form all of them have. */
export function ApiProblem(status: number, description: string): ClassDecorator & MethodDecorator {
  return ApiResponse({
    status,
    description,
    content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
  });
}

/** The errors every route that reads leads may answer. */
export function ReadAnswers(): ClassDecorator {
  return applyDecorators(
    ApiExtraModels(Problem),
    ApiProblem(400, 'The query or the body cannot be used; `errors` names each fault'),
    ApiProblem(401, 'The key is missing, unknown or revoked'),
    ApiProblem(403, 'A key of this scope does not open this route'),
    ApiProblem(503, 'The database does not answer'),
  );
}
