import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import { InvalidRequest, TooLarge, UnsupportedMediaType } from '../http-errors/http-problem.js';
import type { ProblemError } from '../http-errors/problem.js';

/** Bodies of administrative routes are a few short members. */
const MOST_BYTES = 64 * 1024;

/** The name of an unknown member is the caller's text and is not repeated. */
const UNKNOWN_MEMBER: ProblemError = {
  pointer: '',
  code: 'unknown_member',
  detail: 'there is a member this route does not know; /docs lists them',
};

const JsonBody = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readJsonBody(context.switchToHttp().getRequest<IncomingMessage>()),
);

/**
 * The JSON body as an instance of the parameter's class, every fault reported at once. A member the class does not know is a fault: what
 * would be ignored silently was meant to do something. The body is read by the route itself; nothing parses bodies before it.
 */
export function CheckedBody(): ParameterDecorator {
  return JsonBody(
    new ValidationPipe({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      stopAtFirstError: true,
      validateCustomDecorators: true,
      exceptionFactory: (faults) => invalidBody(faults.flatMap((fault) => problemErrorsOf(fault))),
    }),
  );
}

async function readJsonBody(request: IncomingMessage): Promise<JsonObject> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type !== 'application/json' || request.headers['content-encoding'] !== undefined) {
    throw notJson();
  }
  const value = parsed(await bytesOf(request));
  if (!isJsonObject(value)) throw new InvalidRequest('invalid_body', 'The body must be a JSON object.');
  // The classes would drop these two names without a word.
  if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor')) throw invalidBody([UNKNOWN_MEMBER]);
  return value;
}

/** Thrown of a body of another type. */
export const notJson = (): UnsupportedMediaType =>
  new UnsupportedMediaType('unsupported_media_type', 'Send the body as application/json, not compressed.');
/** Thrown of a body that cannot be parsed. */
export const malformedBody = (): InvalidRequest => new InvalidRequest('malformed_json', 'The body is not JSON in UTF-8.');
/** Thrown of a body that is not read to its end. */
export const bodyTooLarge = (): TooLarge => new TooLarge('body_too_large', `The body may have at most ${MOST_BYTES} bytes.`);

/** Thrown of a body whose members cannot be used. */
export function invalidBody(errors: readonly ProblemError[]): InvalidRequest {
  return new InvalidRequest('invalid_body', `The body cannot be used: ${errors.map(({ detail }) => detail).join('; ')}.`, errors);
}

function parsed(bytes: Buffer): JsonValue {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as JsonValue;
  } catch {
    throw malformedBody();
  }
}

/** What is too large is not read to its end; Node takes the rest off the connection once the answer is sent. */
function bytesOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= MOST_BYTES) return;
      done();
      request.pause();
      reject(bodyTooLarge());
    };
    const onEnd = (): void => {
      done();
      resolve(Buffer.concat(chunks));
    };
    const onClose = (): void => {
      done();
      reject(new InvalidRequest('body_cut_off', 'The body ended too early.'));
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

/** Of a member that is an object, the faults of its own members. */
function problemErrorsOf({ property, constraints, children = [] }: ValidationError, above = ''): ProblemError[] {
  const pointer = `${above}/${property}`;
  const inside = children.flatMap((child) => problemErrorsOf(child, pointer));
  if (constraints === undefined) return inside;
  if (constraints['whitelistValidation'] !== undefined) return [UNKNOWN_MEMBER];
  return [{ pointer, code: 'invalid_value', detail: Object.values(constraints).join('; ') }, ...inside];
}
