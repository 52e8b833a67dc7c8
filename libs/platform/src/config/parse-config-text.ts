import { parseDocument } from 'yaml';
import type { JsonValue } from '#core';

export type ParsedText = { readonly parsed: JsonValue } | { readonly problems: readonly string[] };

/**
 * YAML 1.2 or JSON text as JSON values, or what is wrong with it and where. A byte order mark is tolerated, doubled member names are
 * not. `yes` and `no` are texts, as YAML 1.2 says.
 */
export function parseConfigText(text: string, kind: 'yaml' | 'json'): ParsedText {
  if (text.replace(/^\uFEFF/, '').trim() === '') return { problems: ['is empty'] };
  const document = parseDocument(text);
  const problems = document.errors.map(({ message }) => `is not valid ${kind.toUpperCase()}: ${message.split(':\n', 1)[0]}`);
  if (problems.length > 0) return { problems };
  if (kind === 'json') {
    // Every JSON text is YAML, but not the other way round: a comment or a missing quote is a mistake in a .json file.
    try {
      JSON.parse(text.replace(/^\uFEFF/, ''));
    } catch {
      return {
        problems: ['is not valid JSON: it has a comment, a missing quote or value, or a trailing comma. Mend that, or name the file .yaml'],
      };
    }
  }
  try {
    // Through text once: aliases become copies and only JSON values are left. Aliases that multiply beyond 100 are refused by toJS.
    return { parsed: JSON.parse(JSON.stringify(document.toJS() ?? null)) as JsonValue };
  } catch (error) {
    return { problems: [`cannot be read: ${(error as Error).message}`] };
  }
}
