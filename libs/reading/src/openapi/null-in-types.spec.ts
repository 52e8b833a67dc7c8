import { nullInTypes } from './null-in-types.js';

it.each<{ description: string; old: object; now: object }>([
  { description: 'a type', old: { type: 'string', nullable: true }, now: { type: ['string', 'null'] } },
  { description: 'an enum', old: { type: 'string', enum: ['a'], nullable: true }, now: { type: ['string', 'null'], enum: ['a', null] } },
  {
    description: 'a reference',
    old: { nullable: true, description: 'x', allOf: [{ $ref: '#/y' }] },
    now: { description: 'x', anyOf: [{ allOf: [{ $ref: '#/y' }] }, { type: 'null' }] },
  },
  {
    description: 'a nested one',
    old: { properties: { a: { type: 'number', nullable: true } } },
    now: { properties: { a: { type: ['number', 'null'] } } },
  },
  { description: 'what is not nullable', old: { type: 'string', nullable: false }, now: { type: 'string', nullable: false } },
])('translates $description', ({ old, now }) => {
  expect(nullInTypes(old)).toEqual(now);
});
