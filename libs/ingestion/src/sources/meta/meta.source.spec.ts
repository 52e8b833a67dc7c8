import type { SourceConfig } from '#core';
import { aSource } from '../../authentication/testing/a-source.js';
import type { ReadRequest } from '../source-kind.js';
import { metaSource } from './meta.source.js';

const source = (changes: Partial<SourceConfig> = {}): SourceConfig =>
  aSource({
    kind: 'meta',
    answers: 'acknowledge',
    authentication: { kind: 'hmac_signature', secret: 'app secret' },
    handshake_token: 'meatyhamhock',
    ...changes,
  });
const read = (body: string): unknown =>
  metaSource.read({ bytes: Buffer.from(body), contentType: 'application/json', contentEncoding: null, source: source() }, 'flag');

/** As the documentation shows it ("Webhooks for Leadgen"), with ids of today's length as numbers. */
const DOCUMENTED = `{"object":"page","entry":[{"id":"153125381133","time":1438292065,"changes":[
  {"field":"leadgen","value":{"leadgen_id":123123123123,"page_id":123123123,"form_id":12312312312,"adgroup_id":12312312312,"ad_id":12312312312,"created_time":1440120384}},
  {"field":"leadgen","value":{"leadgen_id":9223372036854775807,"form_id":"12312312313","created_time":1440120385}}]}]}`;

describe('a webhook', () => {
  it('is one lead per change, ids as text with their exact digits', () => {
    expect(read(DOCUMENTED)).toMatchObject({
      items: [
        {
          nativeId: '123123123123',
          payload: {
            leadgen_id: '123123123123',
            page_id: '123123123',
            form_id: '12312312312',
            adgroup_id: '12312312312',
            ad_id: '12312312312',
            created_time: 1440120384,
          },
          verbatim: false,
          flags: [],
        },
        {
          nativeId: '9223372036854775807',
          payload: { leadgen_id: '9223372036854775807', page_id: '153125381133', form_id: '12312312313', created_time: 1440120385 },
        },
      ],
      fingerprint: { format: 'json', payload: { object: 'page' } },
    });
  });

  it('gathers the leads of several entries and takes a repeated one once', () => {
    const change = (id: string): string => `{"field":"leadgen","value":{"leadgen_id":${id}}}`;
    const body = `{"object":"page","entry":[{"id":"1","changes":[${change('7')},${change('"8"')}]},{"id":"2","changes":[${change('"7"')},${change('9')}]}]}`;
    expect((read(body) as ReadRequest).items.map(({ nativeId }) => nativeId)).toEqual(['7', '8', '9']);
  });

  it.each([
    ['another object', '{"object":"instagram","entry":[{"id":"1","changes":[{"field":"leadgen","value":{"leadgen_id":"1"}}]}]}'],
    ['another field', '{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":{"leadgen_id":"1"}}]}]}'],
    ['messages in place of changes', '{"object":"page","entry":[{"id":"1","messaging":[{}]}]}'],
    ['no entry', '{"object":"page","entry":[]}'],
    ['a lead without an id', '{"object":"page","entry":[{"changes":[{"field":"leadgen","value":{}},{"field":"leadgen"},null,1]},null,1]}'],
  ])('without a lead is understood, so that Meta does not send it again: %s', (_description, body) => {
    expect(read(body)).toMatchObject({ verdict: 'no_lead' });
  });

  it.each(['{"entry":[]}', '{"object":"page"}', '{"object":1,"entry":[]}', '{"object":"page","entry":{}}'])('is not %s', (body) => {
    expect(read(body)).toMatchObject({ verdict: 'unexpected_shape' });
  });

  it('is JSON', () => {
    const form = { bytes: Buffer.from('object=page'), contentType: 'application/x-www-form-urlencoded', contentEncoding: null };
    expect(metaSource.read({ ...form, source: source() }, 'flag')).toMatchObject({ verdict: 'unsupported_media_type' });
  });
});

describe('the handshake', () => {
  const shake = (query: string, to = source()): unknown => metaSource.handshake?.(new URLSearchParams(query), to);

  it('repeats the challenge to who knows the token', () => {
    expect(shake('hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock')).toEqual({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      body: '1158201444',
    });
  });

  it.each([
    ['another token', 'hub.mode=subscribe&hub.challenge=1&hub.verify_token=meatyhamhoc', 403],
    ['no token', 'hub.mode=subscribe&hub.challenge=1', 403],
    ['another mode', 'hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meatyhamhock', 400],
    ['no challenge', 'hub.mode=subscribe&hub.verify_token=meatyhamhock', 400],
    ['a challenge that is a page', 'hub.mode=subscribe&hub.challenge=<b>&hub.verify_token=meatyhamhock', 400],
  ])('refuses %s', (_description, query, status) => {
    expect(shake(query)).toMatchObject({ status });
  });

  it('refuses everybody while there is no token', () => {
    const { handshake_token: _none, ...without } = source();
    for (const one of [without, source({ handshake_token: '' })]) {
      expect(shake('hub.mode=subscribe&hub.challenge=1&hub.verify_token=', one)).toMatchObject({ status: 403 });
    }
  });
});

describe('a configuration', () => {
  it('needs the signature and the token', () => {
    expect(metaSource.problems?.(source())).toEqual([]);
    const { handshake_token: _none, ...without } = source({ authentication: { kind: 'none' } });
    expect(metaSource.problems?.(without)).toEqual([
      expect.stringMatching(/^authentication\.kind: must be hmac_signature/),
      expect.stringMatching(/^handshake_token: is missing; write a reference/),
    ]);
    const other = source({ authentication: { kind: 'hmac_signature', secret: 's', header: 'X-Hub-Signature', encoding: 'base64' } });
    expect(metaSource.problems?.(other)).toEqual([
      expect.stringMatching(/^authentication\.header: must be X-Hub-Signature-256/),
      expect.stringMatching(/^authentication\.encoding: must be hex/),
    ]);
  });
});
