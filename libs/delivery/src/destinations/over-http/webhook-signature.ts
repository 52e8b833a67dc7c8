import { createHmac } from 'node:crypto';
import type { DestinationAuthentication } from '#core';
import type { DestinationCall } from '../../destination.port.js';
import type { Credentials, Proof } from './proof.js';

/**
 * Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over
 * `<webhook-id>.<webhook-timestamp>.<body>`. The id is the key of the delivery, the same for every attempt; the timestamp is that of the
 * attempt. While a secret is changed both sign: the receiver takes the signature it can check.
 */
export class WebhookSignature implements Credentials {
  readonly secrets: readonly string[];
  private readonly keys: readonly Buffer[];

  /** @param now in milliseconds since 1970 */
  constructor(
    { secret, previous_secret: previous }: Pick<DestinationAuthentication, 'secret' | 'previous_secret'>,
    private readonly now: () => number = Date.now,
  ) {
    this.secrets = [secret, previous].filter((text) => text != null && text !== '') as string[];
    this.keys = this.secrets.map(signingKeyOf);
  }

  prove({ payload, idempotencyKey }: Pick<DestinationCall, 'payload' | 'idempotencyKey'>): Proof {
    const timestamp = `${Math.floor(this.now() / 1000)}`;
    const sign = (key: Buffer): string =>
      `v1,${createHmac('sha256', key).update(`${idempotencyKey}.${timestamp}.`).update(payload).digest('base64')}`;
    return {
      headers: {
        'webhook-id': idempotencyKey,
        'webhook-timestamp': timestamp,
        'webhook-signature': this.keys.map(sign).join(' '),
      },
    };
  }
}

/** `whsec_` and base64, as the specification writes secrets; any other text is the key itself. */
function signingKeyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}
