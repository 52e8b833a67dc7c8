import type { DestinationAuthentication } from '#core';
import { webhookHeaders, webhookKeyOf } from '#platform';
import type { DestinationCall } from '../../destination.port.js';
import type { Credentials, Proof } from './proof.js';

/** Standard Webhooks. The id is the key of the delivery, the same for every attempt; the timestamp is that of the attempt. */
export class WebhookSignature implements Credentials {
  readonly secrets: readonly string[];
  private readonly keys: readonly Buffer[];

  /** @param now in milliseconds since 1970 */
  constructor(
    { secret, previous_secret: previous }: Pick<DestinationAuthentication, 'secret' | 'previous_secret'>,
    private readonly now: () => number = Date.now,
  ) {
    this.secrets = [secret, previous].filter((text) => text != null && text !== '') as string[];
    this.keys = this.secrets.map(webhookKeyOf);
  }

  prove({ payload, idempotencyKey }: Pick<DestinationCall, 'payload' | 'idempotencyKey'>): Proof {
    return { headers: webhookHeaders(this.keys, { id: idempotencyKey, body: payload, at: this.now() }) };
  }
}
