import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseMappingFile, type AttributeRule, type JsonObject, type LeadId, type MappedField, type MappingConfig } from '#core';
import { judgeAttribute, renderPayload, type Rendering } from '#mapping';
import { ATTRIBUTES, BODIES, DOCUMENTED_REQUEST, LEAD_ID, NUMBERS } from '../fixtures/mapping.js';
import { PROJECT_ROOT } from '../support/child-process.js';
import { shippedConfig } from '../support/shipped-config.js';

const shipped = shippedConfig('demo').mappings[0] as MappingConfig;

function solarRule(name: string): AttributeRule {
  const file = parseMappingFile(readFileSync(join(PROJECT_ROOT, 'config/solar-attributes.json'), 'utf8'));
  if (!('attributes' in file)) throw new Error('config/solar-attributes.json does not hold attribute rules');
  return file.attributes[name] as AttributeRule;
}

/** The shipped mapping with other rules and another product. */
function render(lead: JsonObject, rules: Record<string, AttributeRule>, product: string): Rendering {
  const fields = shipped.fields.map((field): MappedField => (field.target === 'product.name' ? { ...field, value: product } : field));
  const mapping = { ...shipped, fields, attributes: { ...shipped.attributes, rules } };
  return renderPayload(mapping, { id: LEAD_ID as LeadId, receivedAt: new Date(0), normalised: lead });
}

describe('the customer receives what the replaced systems and its documentation show', () => {
  it.each(NUMBERS)('$id: is $value a number?', ({ value, expect: numeric }) => {
    expect(judgeAttribute({ attribute_type: 'text', is_numeric: true }, value) === undefined).toBe(numeric);
  });

  it.each(ATTRIBUTES)('$id: does it take $value?', ({ rule, value, expect: taken }) => {
    expect(judgeAttribute(typeof rule === 'string' ? solarRule(rule) : rule, value) === undefined).toBe(taken);
  });

  it.each(BODIES)('$id: a whole body', ({ lead, rules, product, expect: expected }) => {
    const rendering = render(lead, rules, product);
    if ('missing' in expected) expect(rendering).toEqual(expected);
    else expect(rendering).toEqual({ ...expected, omitted: [] });
  });

  it(`${DOCUMENTED_REQUEST.id}: the documented request, made from a lead that holds its values`, () => {
    const { lead, product, lead_attributes, meta_attributes } = DOCUMENTED_REQUEST.request;
    const { postcode, ...others } = lead;
    const { unique_id: _ours, ...meta } = meta_attributes;
    const given = { ...others, zipcode: postcode, lead_attributes, meta_attributes: meta } as unknown as JsonObject;
    const number: AttributeRule = { attribute_type: 'text', is_numeric: true };
    const rules = {
      haushaltsnettoeinkommen: number,
      baujahr: number,
      immobilientyp: { attribute_type: 'dropdown', values: ['haus'] } as const,
    };
    const rendering = render(given, rules as unknown as Record<string, AttributeRule>, product.name);

    // The one difference, "single value means no array": the documentation's own rule makes the list in its example invalid.
    const { immobilientyp: _list, ...taken } = lead_attributes;
    expect(rendering).toEqual({
      body: { lead, product, lead_attributes: taken, meta_attributes: { ...meta, unique_id: LEAD_ID } },
      omitted: [{ field: 'immobilientyp', code: 'ATTRIBUTE_OMITTED', detail: 'is a list, but the customer takes a single value' }],
    });
  });
});
