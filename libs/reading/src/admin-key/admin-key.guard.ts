import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Unauthorized } from '#platform';
import { AdminKey } from './admin-key.js';

const WHERE = 'the admin key stands in admin.key in the data directory, or LEADGATE_ADMIN_KEY sets it';

/** Lets a request pass that carries the admin key: `Authorization: Bearer <key>`. On every route that reads leads. */
@Injectable()
export class AdminKeyGuard implements CanActivate {
  constructor(private readonly adminKey: AdminKey) {}

  canActivate(context: ExecutionContext): true {
    const { authorization } = context.switchToHttp().getRequest<IncomingMessage>().headers;
    if (authorization === undefined) {
      throw new Unauthorized('key_missing', `Send Authorization: Bearer <admin key>; ${WHERE}.`);
    }
    const offered = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    if (offered === undefined) throw new Unauthorized('key_malformed', `The header must read Authorization: Bearer <admin key>; ${WHERE}.`);
    if (!this.adminKey.opensWith(offered)) throw new Unauthorized('key_invalid', `This is not the admin key; ${WHERE}.`);
    return true;
  }
}
