import { Query, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { InvalidRequest } from '../http-errors/http-problem.js';
import type { ProblemError } from '../http-errors/problem.js';

/**
 * The query string as an instance of the parameter's class, every fault reported at once. An unknown parameter is a fault: a filter with a
 * slip in its name would silently filter nothing.
 */
export function CheckedQuery(): ParameterDecorator {
  return Query(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      stopAtFirstError: true,
      exceptionFactory: (faults) => invalidQuery(faults.map(problemErrorOf)),
    }),
  );
}

/** Thrown of parameters that cannot be used. */
export function invalidQuery(errors: readonly ProblemError[]): InvalidRequest {
  return new InvalidRequest('invalid_query', `The query cannot be used: ${errors.map(({ detail }) => detail).join('; ')}.`, errors);
}

function problemErrorOf(fault: ValidationError): ProblemError {
  return isUnknown(fault)
    ? { pointer: '', code: 'unknown_parameter', detail: sentenceOf(fault) }
    : { pointer: `/${fault.property}`, code: 'invalid_value', detail: sentenceOf(fault) };
}

/** The name of an unknown parameter is the caller's text and is not repeated. */
function sentenceOf(fault: ValidationError): string {
  return isUnknown(fault)
    ? 'there is a parameter this route does not know; /docs lists them'
    : Object.values(fault.constraints ?? {}).join('; ');
}

function isUnknown(fault: ValidationError): boolean {
  return fault.constraints?.['whitelistValidation'] !== undefined;
}
