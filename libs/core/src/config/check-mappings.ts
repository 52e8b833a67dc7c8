import { isJsonObject } from '../json.js';
import { checkReadPath } from './check-rules.js';
import { checkShape, joinPath } from './check-shape.js';
import { AttributeRule, type AttributesConfig, type MappedField, type MappingConfig } from './mapping-config.js';
import type { ProblemList } from './problem-list.js';

export function checkMappings(mappings: readonly MappingConfig[], problems: ProblemList): void {
  mappings.forEach((mapping, m) => {
    const path = `mappings[${m}]`;
    const fields = Array.isArray(mapping?.fields) ? mapping.fields : [];
    fields.forEach((field, f) => {
      if (problems.isSound(`${path}.fields[${f}]`)) checkField(field, `${path}.fields[${f}]`, problems);
    });
    checkTargets(fields, path, problems);
    checkAttributes(mapping?.attributes ?? undefined, fields, path, problems);
  });
}

function checkField(field: MappedField, path: string, problems: ProblemList): void {
  const given = (['from', 'value', 'fact'] as const).filter((member) => field[member] !== undefined && field[member] !== null);
  if (given.length !== 1) {
    problems.add(path, `has ${given.length === 0 ? 'none' : given.join(' and ')} of from, value and fact; give exactly one of them`);
  }
  const constant = !given.includes('from');
  for (const member of ['default', 'as', 'one_of'] as const) {
    if (constant && field[member] !== undefined && field[member] !== null) {
      problems.add(`${path}.${member}`, 'has no use without from; remove it');
    }
  }
  field.from?.forEach((source, s) => checkReadPath(source, `${path}.from[${s}]`, problems));
  if (field.one_of && field.default !== undefined && !field.one_of.includes(field.default)) {
    problems.add(`${path}.default`, 'is not in one_of; add it there or choose another default');
  }
  // A target is written, not only read: a step into a prototype would change every object of the process.
  if (field.target.split('.').some((step) => step === '' || step === '__proto__')) {
    problems.add(`${path}.target`, 'must be the dot path of a member, e.g. lead.phone');
  }
}

/** Two fields must not write the same member, nor one of them into what the other wrote as a value. */
function checkTargets(fields: readonly MappedField[], path: string, problems: ProblemList): void {
  const targets = fields.map((field) => field?.target);
  targets.forEach((target, t) => {
    if (typeof target !== 'string') return;
    const at = `${path}.fields[${t}].target`;
    if (targets.indexOf(target) !== t)
      problems.add(at, `is already the target of fields[${targets.indexOf(target)}]; remove one of the two`);
    const inside = targets.findIndex((other) => typeof other === 'string' && target.startsWith(`${other}.`));
    if (inside >= 0) problems.add(at, `lies inside the target of fields[${inside}], which is a value of its own; rename one of the two`);
  });
}

function checkAttributes(
  attributes: AttributesConfig | undefined,
  fields: readonly MappedField[],
  mapping: string,
  problems: ProblemList,
): void {
  const placed = fields.some((field) => field?.fact === 'attributes');
  const path = `${mapping}.attributes`;
  if (attributes === undefined) {
    if (placed) problems.add(path, 'is missing; a field has fact: attributes, so name the rules with file or write them under rules');
    return;
  }
  if (!placed)
    problems.add(
      `${mapping}.fields`,
      'has no field with fact: attributes, so the attributes would go nowhere; add one, e.g. { target: lead_attributes, fact: attributes }',
    );
  if (!problems.isSound(path)) return;
  if (attributes.file == null && attributes.rules == null)
    problems.add(path, 'has no rules; name a file with them or write them under rules');
  checkAttributeRules(attributes.rules ?? {}, `${path}.rules`, problems);
  for (const [name, label] of Object.entries(attributes.labels ?? {})) {
    if (typeof label !== 'string' || label === '')
      problems.add(`${path}.labels.${name}`, 'must be text: the label under which a form asks for it');
    if (attributes.rules != null && !Object.hasOwn(attributes.rules, name)) {
      problems.add(`${path}.labels.${name}`, 'is the label of an attribute that has no rule; correct the name or remove it');
    }
  }
}

/** name → rule, wherever it was written: in the tenant's file or in a file of its own. */
export function checkAttributeRules(rules: object, path: string, problems: ProblemList): void {
  for (const [name, rule] of Object.entries(rules)) {
    const at = joinPath(path, name);
    if (!isJsonObject(rule)) {
      problems.add(at, 'must be an object with attribute_type, is_numeric and values');
      continue;
    }
    const { min, max } = checkShape(AttributeRule, rule, at, problems);
    if (typeof min === 'number' && typeof max === 'number' && min > max) problems.add(`${at}.min`, 'is greater than max; swap the two');
  }
}
