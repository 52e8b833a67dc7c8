import { judgeLead, readBody, readIdempotencyKey } from './lead-intake.js';

const judge = (value: unknown, authorization: string | undefined = 'Bearer secret') =>
  judgeLead(readBody(Buffer.from(JSON.stringify(value))), authorization, 'secret');

describe('judging a lead', () => {
  it.each([
    { description: 'the nested form', body: { lead: { phone: '+491608912308' }, product: { name: 'Solaranlagen' } } },
    { description: 'the flat form', body: { phone: '0160', product: { name: 'Solaranlagen' }, solar_owner: 'Ja' } },
    { description: 'a phone that is no number: the customer decides', body: { phone: 'call me', product: { name: 'Solaranlagen' } } },
  ])('accepts $description', ({ body }) => {
    expect(judge(body)).toBeUndefined();
  });

  it.each([
    { description: 'no phone', body: { lead: {}, product: { name: 'Solaranlagen' } }, fields: ['lead.phone'] },
    { description: 'a blank phone', body: { lead: { phone: ' ' }, product: { name: 'Solaranlagen' } }, fields: ['lead.phone'] },
    { description: 'a null phone', body: { lead: { phone: null }, product: { name: 'Solaranlagen' } }, fields: ['lead.phone'] },
    { description: 'no product', body: { phone: '0160' }, fields: ['product.name'] },
    { description: 'a product without a name', body: { phone: '0160', product: 'Solaranlagen' }, fields: ['product.name'] },
    { description: 'another product', body: { phone: '0160', product: { name: 'makler' } }, fields: ['product.name'] },
    { description: 'neither', body: {}, fields: ['lead.phone', 'product.name'] },
    { description: 'an array', body: [], fields: ['lead.phone', 'product.name'] },
    { description: 'null', body: null, fields: ['lead.phone', 'product.name'] },
  ])('refuses $description with 422 and the fields', ({ body, fields }) => {
    const refusal = judge(body);
    expect(refusal).toMatchObject({ status: 422, error: 'invalid_lead' });
    expect(refusal?.errors?.map((problem) => problem.field)).toEqual(fields);
  });

  it.each([
    { description: 'no header', authorization: '' },
    { description: 'another token', authorization: 'Bearer secre' },
    { description: 'another scheme', authorization: 'Basic secret' },
    { description: 'the token twice prefixed', authorization: 'Bearer Bearer secret' },
  ])('refuses $description with 401', ({ authorization }) => {
    expect(judge({}, authorization)).toMatchObject({ status: 401, error: 'unauthorized' });
  });

  it('takes the scheme in any case', () => {
    expect(judge({ phone: '1', product: { name: 'Solaranlagen' } }, 'bearer secret')).toBeUndefined();
  });

  it.each([Buffer.from('{"lead":'), Buffer.alloc(0), Buffer.from([0xff, 0xfe])])('refuses what is no JSON with 400', (bytes) => {
    expect(judgeLead(readBody(bytes), 'Bearer secret', 'secret')).toMatchObject({ status: 400, error: 'malformed_json' });
  });

  it('asks for the token before it looks at the body', () => {
    expect(judgeLead(readBody(Buffer.from('{')), undefined, 'secret')).toMatchObject({ status: 401 });
  });
});

describe('reading the idempotency key', () => {
  it.each([
    { header: undefined, key: null },
    { header: '', key: null },
    { header: '""', key: null },
    { header: 'abc', key: 'abc' },
    { header: ' "abc" ', key: 'abc' },
    { header: '"a\\"b\\\\c"', key: 'a"b\\c' },
    { header: '"abc', key: '"abc' },
    { header: ['a', 'b'], key: 'a, b' },
  ])('reads $header as $key', ({ header, key }) => {
    expect(readIdempotencyKey(header)).toBe(key);
  });
});
