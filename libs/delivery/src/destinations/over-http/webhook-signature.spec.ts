import { createHmac } from 'node:crypto';
import { WebhookSignature } from './webhook-signature.js';

const call = { idempotencyKey: 'KEY-1', payload: '{"lead":{"city":"Saarbrücken"}}' };

describe('a Standard Webhooks signature', () => {
  // The example of the specification's own libraries: their test vector, signed under its secret.
  it('is the one the specification gives', () => {
    const signature = new WebhookSignature({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, () => 1_614_265_330_000);
    const { headers } = signature.prove({ idempotencyKey: 'msg_p5jXN8AQM9LWM0D4loKWxJek', payload: '{"test": 2432232314}' });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is made with both secrets while one is changed', () => {
    const both = new WebhookSignature({ secret: 'new', previous_secret: 'old' }, () => 5999);
    const expected = ['new', 'old'].map(
      (secret) => `v1,${createHmac('sha256', secret).update(`KEY-1.5.${call.payload}`).digest('base64')}`,
    );
    expect(both.prove(call).headers['webhook-signature']).toBe(expected.join(' '));
  });

  it('is of the moment of its attempt', () => {
    let now = 0;
    const signature = new WebhookSignature({ secret: 's' }, () => now);
    const first = signature.prove(call).headers;
    now = 60_000;
    const second = signature.prove(call).headers;
    expect([first['webhook-timestamp'], second['webhook-timestamp']]).toEqual(['0', '60']);
    expect(second['webhook-signature']).not.toBe(first['webhook-signature']);
    expect(second['webhook-id']).toBe(first['webhook-id']);
  });
});
