import { addressProblem } from './credential-fields.js';

/** What keeps an address from being one that paths are put behind; undefined: nothing. */
export function baseAddressProblem(value: string): string | undefined {
  const problem = addressProblem(value);
  if (problem !== undefined) return problem;
  const { search, hash } = new URL(value);
  return search === '' && hash === '' ? undefined : 'must end with its host or a path: what is called there is put behind it';
}

/** @param value without a problem */
export function baseOf(value: string): { readonly origin: string; readonly path: string } {
  const { origin, pathname } = new URL(value);
  return { origin, path: pathname.replace(/\/+$/, '') };
}
