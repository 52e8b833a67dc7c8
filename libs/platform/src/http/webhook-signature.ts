import { createHmac } from 'node:crypto';

/** What a Standard Webhooks signature is made of. */
export interface SignedMessage {
  /** The same for every attempt at one message: the receiver recognises a repetition by it. */
  readonly id: string;
  readonly body: string;
  /** Of the attempt, in milliseconds since 1970. */
  readonly at: number;
}

/**
 * The headers of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over
 * `<webhook-id>.<webhook-timestamp>.<body>`. While a secret is changed both sign: the receiver takes the signature it can check.
 */
export function webhookHeaders(keys: readonly Buffer[], { id, body, at }: SignedMessage): Record<string, string> {
  const timestamp = `${Math.floor(at / 1000)}`;
  const sign = (key: Buffer): string => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': keys.map(sign).join(' ') };
}

/** `whsec_` and base64, as the specification writes secrets; any other text is the key itself. */
export function webhookKeyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}
