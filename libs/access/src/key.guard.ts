import type { IncomingMessage } from 'node:http';
import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Forbidden, Unauthorized, Unavailable } from '#platform';
import type { Principal } from './api-keys.port.js';
import { readApiKey } from './api-key-text.js';
import { FollowedApiKeys } from './followed-api-keys.js';

type Scope = Principal['scope'];
export type CallerOf<Scopes extends Scope> = Extract<Principal, { scope: Scopes }>;

const SCOPES = 'leadgate:key_scopes';
const WHERE =
  '`leadgate api-keys create` makes one; the admin key stands in admin.key in the data directory, or LEADGATE_ADMIN_KEY sets it';

/** What keys are refused with. */
export const keyMissing = (): Unauthorized => new Unauthorized('key_missing', `Send Authorization: Bearer <key>; ${WHERE}.`);
export const keyInvalid = (): Unauthorized => new Unauthorized('key_invalid', `This key is unknown or revoked; ${WHERE}.`);
export const keyScope = (scopes: readonly Scope[], scope: Scope): Forbidden =>
  new Forbidden('key_scope', `This route takes keys of scope ${scopes.join(' or ')}; this one has scope ${scope}.`);

const callers = new WeakMap<IncomingMessage, Principal>();

/** Lets a request pass that carries a key of a scope the route takes: `Authorization: Bearer <key>`. */
@Injectable()
export class KeyGuard implements CanActivate {
  constructor(
    private readonly keys: FollowedApiKeys,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): true {
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const caller = this.callerOf(request.headers.authorization);
    const scopes = this.reflector.getAllAndOverride<readonly Scope[]>(SCOPES, [context.getHandler(), context.getClass()]);
    if (!scopes.includes(caller.scope)) throw keyScope(scopes, caller.scope);
    callers.set(request, caller);
    return true;
  }

  private callerOf(authorization: string | undefined): Principal {
    if (authorization === undefined) throw keyMissing();
    const offered = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    if (offered === undefined) throw new Unauthorized('key_malformed', `The header must read Authorization: Bearer <key>; ${WHERE}.`);
    const caller = this.keys.find(offered);
    if (caller !== null) return caller;
    if (!this.keys.ready() && readApiKey(offered) !== undefined) {
      throw new Unavailable('keys_unavailable', 'The keys were not read from the database yet. Send the request again.');
    }
    throw keyInvalid();
  }
}

/** On a controller or one of its methods: keys of which scopes it takes. Its module imports AccessModule. */
export function TakesKeys(...scopes: readonly [Scope, ...Scope[]]): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(SCOPES, scopes), UseGuards(KeyGuard));
}

/** The parameter that gets the principal whose key the request carries: `@Caller() caller: CallerOf<'tenant' | 'operator'>`. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const caller = callers.get(context.switchToHttp().getRequest<IncomingMessage>());
  if (caller === undefined) throw new Error('@Caller() stands on a route without @TakesKeys()');
  return caller;
});
