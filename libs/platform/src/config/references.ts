import { isAbsolute } from 'node:path';
import { isJsonObject, type JsonValue } from '#core';
import type { Environment } from './environment.js';

export interface ReferenceSources {
  readonly env: Environment;
  /** Text of a file. Throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** What relative paths start from, for people; `the configuration folder` unless told. */
  readonly startsFrom?: string;
}

/** The content with every reference replaced; those that could not be stay as written and are told of, one sentence each, beginning with their place. */
export interface ResolvedReferences {
  readonly content: JsonValue;
  readonly problems: readonly string[];
}

export type ResolvedText = { readonly text: string } | { readonly problem: string };

const VARIABLE = /^([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s;

/** Each kind of reference: `<prefix><rest>`. A further kind is one more line. */
const KINDS: Readonly<Record<string, (rest: string, sources: ReferenceSources) => ResolvedText>> = {
  'env:': fromVariable,
  'file:': fromFile,
};

export function isReference(text: string): boolean {
  return Object.keys(KINDS).some((prefix) => text.startsWith(prefix));
}

/**
 * Replaces every text value that begins with `env:` or `file:`, at any depth; member names are left alone.
 *
 * - `env:NAME` is the variable NAME, which must be set and not empty; `env:NAME|default` is the text after the bar where it is not.
 * - `file:PATH` is the first line of that file, without the line end.
 *
 * What a reference resolves to is not looked at again, so a secret that happens to begin with `env:` stays itself.
 */
export function resolveReferences(content: JsonValue, sources: ReferenceSources): ResolvedReferences {
  const problems: string[] = [];
  const resolve = (value: JsonValue, place: string): JsonValue => {
    if (typeof value === 'string') {
      const resolved = resolveText(value, sources);
      if ('text' in resolved) return resolved.text;
      problems.push(`${place}: ${resolved.problem}`);
      return value;
    }
    if (Array.isArray(value)) return value.map((item, index) => resolve(item, `${place}[${index}]`));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, resolve(member, place === '' ? name : `${place}.${name}`)]),
    );
  };
  return { content: resolve(content, ''), problems };
}

/** One text: itself where it is no reference. */
export function resolveText(text: string, sources: ReferenceSources): ResolvedText {
  for (const [prefix, read] of Object.entries(KINDS)) {
    if (text.startsWith(prefix)) return read(text.slice(prefix.length), sources);
  }
  return { text };
}

function fromVariable(rest: string, { env }: ReferenceSources): ResolvedText {
  const [, name, preset] = VARIABLE.exec(rest) ?? [];
  if (name === undefined) return { problem: 'env: must be followed by the name of a variable, as in env:NAME or env:NAME|default' };
  const value = env[name];
  if (value !== undefined && value !== '') return { text: value };
  if (preset !== undefined) return { text: preset };
  return { problem: `the variable ${name} is not set. Set it, or write what holds without it: env:${name}|default` };
}

function fromFile(path: string, { readFile, startsFrom = 'the configuration folder' }: ReferenceSources): ResolvedText {
  if (path === '') return { problem: 'file: must be followed by a path, as in file:/run/secrets/token' };
  try {
    const [line = ''] = readFile(path)
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/, 1);
    return line === '' ? { problem: `the first line of the file ${path} is empty; put the value there` } : { text: line };
  } catch (error) {
    const start = isAbsolute(path) ? '' : `; its path starts from ${startsFrom}`;
    return { problem: `the file ${path} cannot be read (${readFailure(error)})${start}` };
  }
}

/** Why a file cannot be read, in a few words: the system's code where there is one, with what it means. */
export function readFailure(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const meaning = typeof code === 'string' ? MEANINGS.get(code) : undefined;
  return `${String(code ?? message)}${meaning === undefined ? '' : `: ${meaning}`}`;
}

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it is not there'],
  ['EACCES', 'this user may not read it'],
  ['EISDIR', 'it is a folder'],
]);
