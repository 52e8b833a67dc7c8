import { assertNever, type DestinationAuthentication } from '#core';
import type { OutboundHttp } from '#platform';
import { ClientCredentials } from './client-credentials.js';
import type { Credentials } from './proof.js';
import { WebhookSignature } from './webhook-signature.js';

/**
 * @param authentication checked: the members of its kind are there
 * @param timeoutMs of a call to the destination; a token may take a third of it
 */
export function openCredentials(authentication: DestinationAuthentication, http: OutboundHttp, timeoutMs: number): Credentials {
  const { kind, token = '', username = '', password = '', header = '', key = '' } = authentication;
  switch (kind) {
    case 'none':
      return always({}, []);
    case 'bearer':
      return always({ authorization: token.startsWith('Bearer ') ? token : `Bearer ${token}` }, [token.replace(/^Bearer /, '')]);
    case 'basic': {
      const encoded = Buffer.from(`${username}:${password}`).toString('base64');
      return always({ authorization: `Basic ${encoded}` }, [password, encoded]);
    }
    case 'api_key':
      return always({ [header.toLowerCase()]: key }, [key]);
    case 'oauth2_client_credentials':
      return new ClientCredentials(authentication, http, timeoutMs);
    case 'standard_webhooks':
      return new WebhookSignature(authentication);
    default:
      return assertNever(kind);
  }
}

function always(headers: Readonly<Record<string, string>>, secrets: readonly string[]): Credentials {
  const proof = { headers };
  return { secrets, prove: () => proof };
}

/** Shorter ones would blacken words that have nothing to do with them. */
const SHORTEST_SECRET = 6;

/** A text of the destination's without our secrets. */
export function withoutSecrets(text: string | null, { secrets }: Credentials): string | null {
  if (text === null) return null;
  return secrets.filter(({ length }) => length >= SHORTEST_SECRET).reduce((kept, secret) => kept.replaceAll(secret, '[redacted]'), text);
}
