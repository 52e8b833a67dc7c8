import { isUnauthenticated, type SourceAuthenticationKind, type SourceConfig } from '#core';
import type { Refusal } from '../body/refusal.js';
import { judgeApiKey } from './api-key.js';
import { judgeBodySecret } from './body-secret.js';
import { HMAC_SIGNATURE_HEADER, judgeHmacSignature } from './hmac-signature.js';
import { judgeNone } from './none.js';
import type { JudgeScheme, ShownRequest } from './scheme.js';
import { judgeSharedSecret, SHARED_SECRET_HEADER } from './shared-secret.js';
import { judgeStandardWebhooks } from './standard-webhooks.js';

const SCHEMES: Readonly<Record<SourceAuthenticationKind, JudgeScheme>> = {
  none: judgeNone,
  shared_secret: judgeSharedSecret,
  api_key: judgeApiKey,
  hmac_signature: judgeHmacSignature,
  standard_webhooks: judgeStandardWebhooks,
  body_secret: judgeBodySecret,
};

/** May this sender use this source? @returns null for yes */
export function judgeAccess(source: SourceConfig, request: ShownRequest): Refusal | null {
  return isUnauthenticated(source) ? judgeNone(source, request) : SCHEMES[source.authentication.kind](source, request);
}

/** Must the whole body be there to judge? Then nobody can say who sent a body over the cap. */
export function isJudgedByBody(source: SourceConfig): boolean {
  return !isUnauthenticated(source) && ['hmac_signature', 'standard_webhooks', 'body_secret'].includes(source.authentication.kind);
}

/** The header that carries the source's secret or signature, in lower case: never kept. null: no header, or `Authorization`. */
export function secretHeaderOf({ authentication }: SourceConfig): string | null {
  const { kind, header } = authentication;
  if (kind === 'shared_secret') return (header ?? SHARED_SECRET_HEADER).toLowerCase();
  return kind === 'hmac_signature' ? (header ?? HMAC_SIGNATURE_HEADER).toLowerCase() : null;
}
