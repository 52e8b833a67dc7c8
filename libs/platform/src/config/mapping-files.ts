import { isJsonObject, parseMappingFile, withMappingFile, type JsonObject, type JsonValue, type MappingConfig } from '#core';
import { readFailure, resolveText, type ReferenceSources, type ResolvedText } from './references.js';

export interface InlinedMappings {
  readonly content: JsonObject;
  /** Sentences that begin with their place; a mapping that has one stays as written. */
  readonly problems: readonly string[];
}

/**
 * Puts what every mapping file says into the content, so that a version is complete and a change of the file is a change of the
 * version. `attributes.file` (itself possibly a reference) becomes `attributes.rules`; a file of the older flat form is the whole
 * mapping: it becomes the mapping's `fields` and takes the place of its attributes.
 */
export function inlineMappingFiles(
  content: JsonObject,
  sources: ReferenceSources,
  readMappingFile: ReferenceSources['readFile'],
): InlinedMappings {
  const problems: string[] = [];
  if (!Array.isArray(content.mappings)) return { content, problems };
  const mappings = content.mappings.map((mapping, index): JsonValue => {
    if (!isJsonObject(mapping) || !isJsonObject(mapping.attributes) || typeof mapping.attributes.file !== 'string') return mapping;
    const { file, ...attributes } = mapping.attributes;
    const inlined = inlineOne({ ...mapping, attributes }, resolveText(file as string, sources), readMappingFile);
    if ('mapping' in inlined) return inlined.mapping;
    problems.push(...inlined.problems.map((problem) => `mappings[${index}].attributes.file: ${problem}`));
    return mapping;
  });
  return { content: { ...content, mappings }, problems };
}

function inlineOne(
  mapping: JsonObject & { attributes: JsonObject },
  path: ResolvedText,
  readMappingFile: ReferenceSources['readFile'],
): { readonly mapping: JsonValue } | { readonly problems: readonly string[] } {
  if (mapping.attributes.rules !== undefined) return { problems: ['the attributes have rules besides; keep one of file and rules'] };
  // An open reference is told of when the references of the whole content are resolved.
  if ('problem' in path) return { problems: [] };
  let text: string;
  try {
    text = readMappingFile(path.text);
  } catch (error) {
    return {
      problems: [
        `the file ${path.text} cannot be read (${readFailure(error)}); its path starts from the folder of that configuration file`,
      ],
    };
  }
  const parsed = parseMappingFile(text);
  if ('problems' in parsed) return { problems: parsed.problems.map((problem) => `${path.text}: ${problem}`) };
  // The content is not judged yet; what withMappingFile reads of it was looked at above.
  const whole = withMappingFile(mapping as unknown as MappingConfig, parsed);
  return { mapping: JSON.parse(JSON.stringify(whole)) as JsonValue };
}
