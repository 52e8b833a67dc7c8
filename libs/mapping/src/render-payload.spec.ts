import fc from 'fast-check';
import type { AttributesConfig, JsonObject, LeadId, MappedField } from '#core';
import { renderPayload, type Rendering } from './render-payload.js';

function render(fields: readonly MappedField[], normalised: JsonObject, attributes?: AttributesConfig): Rendering {
  const lead = { id: 'lead-1' as LeadId, receivedAt: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)), normalised };
  return renderPayload({ name: 'm', fields: [...fields], ...(attributes && { attributes }) }, lead);
}

describe('renderPayload', () => {
  it.each<[description: string, field: Partial<MappedField>, lead: JsonObject, value: unknown]>([
    ['the first path that is filled', { from: ['a', 'b', 'c'] }, { a: null, b: '', c: 'x' }, 'x'],
    ['a value as it is', { from: ['a'] }, { a: { b: [1, true] } }, { b: [1, true] }],
    ['a number as text', { from: ['a'], as: 'text' }, { a: 66123.0 }, '66123'],
    ['a boolean as text', { from: ['a'], as: 'text' }, { a: false }, 'false'],
    ['true and false as words', { from: ['a'], as: 'true_false' }, { a: true }, 'true'],
    ['a word for true', { from: ['a'], as: 'true_false' }, { a: 'FALSE' }, 'false'],
    ['a country code', { from: ['a'], as: 'country', one_of: ['de', 'at'] }, { a: 'AT' }, 'at'],
    ['a default where nothing was sent', { from: ['a'], as: 'country', default: 'de' }, { a: '' }, 'de'],
    ['a constant', { value: 'Solaranlagen' }, {}, 'Solaranlagen'],
    ['the id of the lead', { fact: 'lead_id' }, {}, 'lead-1'],
    ['when it came in', { fact: 'received_at' }, {}, '2026-01-02T03:04:05.000Z'],
  ])('writes %s', (_description, field, lead, value) => {
    expect(render([{ target: 'x.y', ...field }], lead)).toEqual({ body: { x: { y: value } }, omitted: [] });
  });

  it('leaves out an optional field that has nothing', () => {
    expect(
      render(
        [
          { target: 'a', from: ['a'] },
          { target: 'b', value: '' },
        ],
        {},
      ),
    ).toEqual({ body: {}, omitted: [] });
  });

  it.each<[field: Partial<MappedField>, lead: JsonObject, detail: string]>([
    [{ as: 'text' }, { a: ['x'] }, 'is not a single value'],
    [{ as: 'true_false' }, { a: 'maybe' }, 'is neither true nor false'],
    [{ as: 'true_false' }, { a: [{ toString: 'true' }] }, 'is neither true nor false'],
    [{ as: 'country', default: 'de' }, { a: 'Deutschland' }, 'is not a country code of two letters'],
    [{ as: 'country', one_of: ['de', 'at', 'ch'], default: 'de' }, { a: 'fr' }, 'is not one of de, at, ch'],
  ])('leaves out and lists what cannot be sent: %j of %j', (field, lead, detail) => {
    expect(render([{ target: 'x', from: ['a'], ...field }], lead)).toEqual({
      body: {},
      omitted: [{ field: 'x', code: 'FIELD_OMITTED', detail }],
    });
  });

  it('names the first required field for which there is nothing usable', () => {
    const fields: MappedField[] = [
      { target: 'lead.email', from: ['email'] },
      { target: 'lead.phone', from: ['phone'], as: 'text', required_as: 'phone' },
      { target: 'product.name', value: '', required_as: 'product.name' },
    ];
    expect(render(fields, { phone: '' })).toEqual({ missing: 'phone' });
    expect(render(fields, { phone: { number: 1 } })).toEqual({ missing: 'phone' });
    expect(render(fields, { phone: '1' })).toEqual({ missing: 'product.name' });
  });

  describe('attributes', () => {
    const attributes: AttributesConfig = {
      rules: { size: { attribute_type: 'range' }, owner: { attribute_type: 'dropdown', values: ['Ja'] }, age: { attribute_type: 'text' } },
      labels: { size: 'Wie groß? (ca.)' },
    };
    const fields: MappedField[] = [{ target: 'attributes', fact: 'attributes' }];

    it.each<[place: string, lead: JsonObject]>([
      ['at the root', { size: 5, lead_attributes: { size: 6 }, questions: { 'Wie groß? (ca.)': 7 } }],
      ['under lead_attributes', { size: null, lead_attributes: { size: 5 }, questions: { 'Wie groß? (ca.)': 7 } }],
      ['in questions, under its label', { size: '', lead_attributes: 'x', questions: { 'Wie groß? (ca.)': 5, size: 7 } }],
    ])('are found %s', (_place, lead) => {
      expect(render(fields, lead, attributes)).toEqual({ body: { attributes: { size: 5 } }, omitted: [] });
    });

    it('that the customer refuses are left out and listed, undeclared ones are not sent', () => {
      expect(render(fields, { size: -1, owner: 'Ja', colour: 'red' }, attributes)).toEqual({
        body: { attributes: { owner: 'Ja' } },
        omitted: [{ field: 'size', code: 'ATTRIBUTE_OMITTED', detail: 'is less than 0' }],
      });
    });

    it('leave an empty object where there are none', () => {
      expect(render(fields, {}, attributes)).toEqual({ body: { attributes: {} }, omitted: [] });
      expect(render(fields, {})).toEqual({ body: { attributes: {} }, omitted: [] });
    });

    it('stand in the order of their names, whatever the order of the rules and of the lead', () => {
      const rendering = render(fields, { size: 5, owner: 'Ja', age: 'old' }, attributes);
      expect(JSON.stringify('body' in rendering && rendering.body)).toBe('{"attributes":{"age":"old","owner":"Ja","size":5}}');
    });
  });

  it('never throws, whatever the lead', () => {
    const fields: MappedField[] = [
      { target: 'a.b', from: ['a.b', 'a'], as: 'text' },
      { target: 'c', from: ['c'], as: 'country', one_of: ['de'] },
      { target: 'd', from: ['d'], as: 'true_false' },
      { target: 'e', fact: 'attributes' },
    ];
    const any = fc.jsonValue({ stringUnit: 'binary' });
    const lead = fc.record({ a: any, c: any, d: any, size: any, lead_attributes: any, questions: any }, { requiredKeys: [] });
    const attributes: AttributesConfig = { rules: { size: { attribute_type: 'range' } }, labels: { size: 'Wie groß?' } };
    fc.assert(
      fc.property(lead, (normalised) => expect('body' in render(fields, normalised as JsonObject, attributes)).toBe(true)),
      {
        numRuns: 1000,
      },
    );
  });
});
