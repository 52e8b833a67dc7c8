import { payloadFields } from './payload-fields.js';

it.each<{ description: string; contentType: string; payload: string; fields: Record<string, string> }>([
  {
    description: 'JSON, nested',
    contentType: 'application/json',
    payload: '{"lead":{"phone":"1","tags":["a","b"]},"none":{},"nothing":null}',
    fields: { 'lead.phone': '"1"', 'lead.tags.0': '"a"', 'lead.tags.1': '"b"', none: '{}', nothing: 'null' },
  },
  {
    description: 'a form',
    contentType: 'application/x-www-form-urlencoded',
    payload: 'lead[phone]=%2B49&note=a+b',
    fields: { 'lead[phone]': '+49', note: 'a b' },
  },
  {
    description: 'XML',
    contentType: 'application/xml; charset=utf-8',
    payload: '<?xml version="1.0"?><lead><phone>1</phone><address><zip>66123</zip><city/></address><tag>a</tag><tag>b</tag></lead>',
    fields: { phone: '1', 'address.zip': '66123', 'address.city': '', tag: 'a', 'tag.1': 'b' },
  },
  { description: 'what cannot be read', contentType: 'application/json', payload: '{', fields: { '(body)': '{' } },
  { description: 'what nobody knows', contentType: 'text/plain', payload: 'x', fields: { '(body)': 'x' } },
])('the fields of $description', ({ contentType, payload, fields }) => {
  expect(Object.fromEntries(payloadFields(contentType, payload))).toEqual(fields);
});
