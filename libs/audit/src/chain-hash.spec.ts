import fc from 'fast-check';
import { GENESIS_HASH, linkHash, type ChainedEvent } from './chain-hash.js';

const anEvent = (event: Partial<ChainedEvent> = {}): ChainedEvent => ({
  id: '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11',
  tenantId: 'demo',
  leadId: '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a12',
  deliveryId: null,
  type: 'lead.status',
  fromStatus: 'READY',
  toStatus: 'DELIVERED',
  actor: 'delivery',
  reason: null,
  detail: '{"attempt": 1}',
  at: '2026-11-22T08:00:00.123456Z',
  ...event,
});

const hex = (event: ChainedEvent, seq = 1n, previous: Buffer = GENESIS_HASH): string => linkHash(previous, seq, event).toString('hex');

describe('linkHash', () => {
  it('never changes for v1: stored chains depend on it', () => {
    expect(hex(anEvent())).toBe('1f57abb25c1bc644aac0454b3c77d77dc2f0b118f7b4efec9ef8f9a02661f2bf');
  });

  it.each<{ description: string; one: ChainedEvent; other: ChainedEvent }>([
    { description: 'null and empty', one: anEvent({ reason: null }), other: anEvent({ reason: '' }) },
    { description: 'null and a dash', one: anEvent({ reason: null }), other: anEvent({ reason: '-' }) },
    {
      description: 'the same text cut at another place',
      one: anEvent({ type: 'lead.', fromStatus: 'status' }),
      other: anEvent({ type: 'lead.status', fromStatus: '' }),
    },
    {
      description: 'a field that imitates the form of two',
      one: anEvent({ actor: 'a,1:b', reason: null }),
      other: anEvent({ actor: 'a', reason: 'b' }),
    },
    {
      description: 'from and to swapped',
      one: anEvent({ fromStatus: 'A', toStatus: null }),
      other: anEvent({ fromStatus: null, toStatus: 'A' }),
    },
    { description: 'composed and decomposed letters', one: anEvent({ reason: '\u00fc' }), other: anEvent({ reason: 'u\u0308' }) },
  ])('tells apart: $description', ({ one, other }) => {
    expect(hex(one)).not.toBe(hex(other));
  });

  it('depends on the place in the chain', () => {
    expect(hex(anEvent(), 1n)).not.toBe(hex(anEvent(), 2n));
    expect(hex(anEvent(), 2n, Buffer.alloc(32, 1))).not.toBe(hex(anEvent(), 2n, Buffer.alloc(32, 2)));
  });

  it('is equal exactly when every field is equal', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('1:', ',', '-,', '0:,', ':'));
    const optional = fc.option(text);
    const event = fc.record({
      id: text,
      tenantId: text,
      leadId: optional,
      deliveryId: optional,
      type: text,
      fromStatus: optional,
      toStatus: optional,
      actor: text,
      reason: optional,
      detail: text,
      at: text,
    });
    fc.assert(
      fc.property(event, event, (one, other) => {
        expect(hex(one) === hex(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
    );
  });
});
