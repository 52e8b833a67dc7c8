import { parseDocument } from 'yaml';
import { isJsonObject, type JsonObject } from '../json.js';
import { checkAttributeRules } from './check-mappings.js';
import type { AttributeRule, MappedField, MappingConfig } from './mapping-config.js';
import { ProblemList } from './problem-list.js';

/** `attributes`: what the customer accepts, name → rule. `fields`: the older flat form, target → where it stands in the lead. */
export type MappingFile = { readonly attributes: Record<string, AttributeRule> } | { readonly fields: MappedField[] };

const FORMS =
  'A mapping file holds either rules, {"solar_area": {"attribute_type": "range", "is_numeric": true, "values": null}, …}, or fields, {"customer_zip": "address.zip", …}.';

/**
 * Reads a mapping file: JSON or YAML, with or without a byte order mark, in one of two forms.
 * @returns what it holds, or every problem in it as `<name>: <what is wrong and how to mend it>`
 */
export function parseMappingFile(text: string): MappingFile | { readonly problems: string[] } {
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { prettyErrors: true });
  if (document.errors.length > 0) return { problems: document.errors.map(({ message }) => message.split('\n')[0] as string) };
  const content: unknown = plainOf(document);
  if (!isJsonObject(content) || Object.keys(content).length === 0) return { problems: [FORMS] };

  const flat = Object.values(content).filter((value) => typeof value === 'string').length;
  if (flat === Object.keys(content).length) return flatFields(content);
  const problems = new ProblemList();
  if (flat > 0) problems.add('', `${FORMS} This one mixes the two.`);
  checkAttributeRules(content, '', problems);
  return problems.isEmpty ? { attributes: content as unknown as Record<string, AttributeRule> } : { problems: problems.lines() };
}

/**
 * A mapping with what its file says. The flat form says everything about the body, so it takes the place of the mapping's own fields;
 * rules only add to them.
 */
export function withMappingFile(mapping: MappingConfig, file: MappingFile): MappingConfig {
  if ('fields' in file) {
    const { attributes: _replaced, ...rest } = mapping;
    return { ...rest, fields: file.fields };
  }
  return { ...mapping, attributes: { ...mapping.attributes, rules: file.attributes } };
}

/** A document whose aliases multiply without end is refused by the parser with an error, not returned. */
function plainOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

function flatFields(content: JsonObject): MappingFile | { problems: string[] } {
  const problems = new ProblemList();
  const fields = Object.entries(content).map(([target, from]): MappedField => {
    if (target === '' || target.split('.').some((step) => step === '' || step === '__proto__')) {
      problems.add(target || '""', 'must be the name of a member in the body, e.g. customer_zip');
    }
    if (from === '') problems.add(target, 'must say where the value stands in the lead, e.g. address.zip');
    return { target, from: [dotPath(from as string)] };
  });
  return problems.isEmpty ? { fields } : { problems: problems.lines() };
}

/** The flat form also writes `questions[Sind Sie Eigentümer der Immobilie?]`. */
function dotPath(path: string): string {
  return path.replace(/^([^[\]]+)\[(["']?)(.+)\2\]$/, '$1.$3');
}
