import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import type { ReplayKind } from '#core';
import { checkWish } from './check-wish.js';
import { ReplayRequestShape } from './replay-shapes.js';

/** What a caller that is no HTTP request asks for, member by member as `POST /v1/replays` takes it. */
export interface PlainRequest {
  readonly kind: string;
  readonly filter: Readonly<Record<string, string | readonly string[]>>;
  readonly reason: string;
  readonly rate_per_second?: number;
}

export type CheckedRequest =
  { readonly request: ReplayRequestShape & { readonly kind: ReplayKind } } | { readonly problems: readonly string[] };

/** By the same rules as the route. */
export function checkRequest(plain: PlainRequest): CheckedRequest {
  const request = plainToInstance(ReplayRequestShape, plain);
  const faults = validateSync(request, { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true });
  const problems =
    faults.length > 0 ? faults.flatMap(messagesOf) : checkWish(request.kind, { ...request.filter }).map(({ detail }) => detail);
  return problems.length > 0 ? { problems } : { request };
}

function messagesOf({ constraints = {}, children = [] }: ValidationError): string[] {
  return [...Object.values(constraints), ...children.flatMap(messagesOf)];
}
