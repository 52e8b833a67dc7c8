import type { LeadFacts, SourceConfig } from '#core';
import { fetchStage } from './fetch.stage.js';

const FETCH: SourceConfig['fetch'] = { base_url: 'https://graph.facebook.com/v21.0', access_token: 'secret-token' };

const facts = (given: { source?: LeadFacts['source']; nativeId?: string | null; flags?: string[] } = {}): LeadFacts => {
  const { source = { name: 'facebook', kind: 'meta', fetch: FETCH }, nativeId = '123', flags = [] } = given;
  return { lead: { tenantId: 'acme', nativeId, flags }, source } as unknown as LeadFacts;
};

describe('the fetch stage', () => {
  it('holds a lead of which only the id is known, and plans the call that brings it', () => {
    expect(fetchStage().run(facts())).toEqual({
      kind: 'hold',
      reason: { code: 'awaiting_fetch', detail: 'the source sent an id only; the lead is fetched from it' },
      holdSeconds: null,
      fetch: { destinationId: 'acme/facebook.fetch', request: '{"id":"123"}' },
    });
  });

  it.each([
    { description: 'that has been fetched', given: { flags: ['DUPLICATE_KEYS', 'FETCHED'] } },
    { description: 'whose source sends whole leads', given: { source: { name: 'web', kind: 'json' } } },
    { description: 'whose source is no longer configured', given: { source: {} } },
    { description: 'without an id to ask for', given: { nativeId: null } },
  ])('lets a lead go on $description', ({ given }) => {
    expect(fetchStage().run(facts(given))).toEqual({ kind: 'continue', adds: {}, notes: [] });
  });
});
