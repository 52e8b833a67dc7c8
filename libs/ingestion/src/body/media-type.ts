/** A Content-Type taken apart: the type in small letters, the parameters that matter here. */
export interface MediaType {
  readonly type: string;
  readonly charset: string | null;
  readonly boundary: string | null;
}

const PARAMETER = /;\s*([a-z0-9!#$%&'*+.^_`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/gi;

/** The parameters after a header's first value, `; name="form"; filename=a.txt`: names in small letters, escapes undone. */
export function* parametersOf(header: string): Generator<readonly [name: string, value: string]> {
  for (const [, name = '', quoted, bare] of header.matchAll(PARAMETER)) {
    yield [name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''];
  }
}

export function parseMediaType(header: string): MediaType {
  const semicolon = header.indexOf(';');
  const type = (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  if (semicolon < 0) return { type, charset: null, boundary: null };
  let charset: string | null = null;
  let boundary: string | null = null;
  for (const [name, value] of parametersOf(header.slice(semicolon))) {
    if (name === 'charset') charset ??= value.toLowerCase();
    if (name === 'boundary') boundary ??= value;
  }
  return { type, charset, boundary };
}

export type BodyKind = 'json' | 'form' | 'multipart' | 'untyped' | 'other';

export function bodyKindOf(type: string): BodyKind {
  if (type === 'application/json' || type === 'text/json' || type.endsWith('+json')) return 'json';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (type === 'multipart/form-data') return 'multipart';
  return type === '' ? 'untyped' : 'other';
}
